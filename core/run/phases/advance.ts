/** The course of a run, as a pure function of what is known: no I/O, no clock. */

import { workersMayExit } from '../../contract/control.ts';
import { K6Exit } from '../../contract/exit-codes.ts';
import type { Plan } from '../../contract/plan.ts';
import type { RunState } from '../state.ts';
import { afterSummary, afterTeardown } from './after-load.ts';
import { advanceBeforeStart } from './before-start.ts';
import { launchQueued } from './launch-queue.ts';
import { observing } from './observing.ts';
import { type Effects, Step, type TickInput } from './step.ts';
import { advanceLoad } from './under-load.ts';

/** Moves the run on as far as what was seen allows. Changes `state` in place; returns what must be done. */
export function advance(state: RunState, plan: Plan, input: TickInput): Effects {
  const step = new Step(state, plan, input);
  if (input.stopRequest !== null) {
    step.stop({ kind: 'requested', message: input.stopRequest.message, exitCode: K6Exit.externalAbort });
  }
  switch (state.phase) {
    case 'launching':
    case 'setup':
    case 'arming':
      advanceBeforeStart(step);
      break;
    case 'running':
    case 'stopping':
      advanceLoad(step);
      break;
    case 'teardown':
      afterTeardown(step);
      break;
    case 'summary':
      afterSummary(step);
      break;
    case 'observing':
      observing(step);
      break;
    case 'finished':
      break;
  }
  if (!workersMayExit(state.phase)) launchQueued(step);
  return step.effects;
}
