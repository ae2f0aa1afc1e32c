/** The course of a run: what each phase waits for, and which phase comes next. */

import { type Phase, workersMayExit } from '../../contract/control.ts';
import { K6Exit } from '../../contract/exit-codes.ts';
import type { Run } from '../state.ts';
import { advanceArming } from './arming.ts';
import { launchQueued } from './launch-queue.ts';
import { advanceLaunching } from './launching.ts';
import { advanceObserving } from './observing.ts';
import { advanceRunning } from './running.ts';
import { advanceSetup } from './setup.ts';
import { type Effects, Step, type TickInput } from './step.ts';
import { advanceStopping } from './stopping.ts';
import { advanceSummary } from './summary.ts';
import { advanceTeardown } from './teardown.ts';

const PHASES: Readonly<Record<Phase, (step: Step) => void>> = {
  launching: advanceLaunching,
  setup: advanceSetup,
  arming: advanceArming,
  running: advanceRunning,
  stopping: advanceStopping,
  teardown: advanceTeardown,
  summary: advanceSummary,
  observing: advanceObserving,
  finished: () => undefined,
};

/**
 * Moves the run on as far as the input allows. Mutates `run.state`; uses no I/O and no clock, so the same run and input
 * always lead to the same state and effects.
 */
export function advance(run: Run, input: TickInput): Effects {
  const step = new Step(run, input);
  if (step.newStopRequest !== null) {
    run.state.stopRequested = true;
    step.stop({ kind: 'requested', message: step.newStopRequest.message, exitCode: K6Exit.externalAbort });
  }
  PHASES[step.state.phase](step);
  if (!workersMayExit(step.state.phase)) launchQueued(step);
  return step.effects;
}
