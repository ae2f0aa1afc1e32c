import { FleetExit } from '../../contract/exit-codes.ts';
import { alarmMessage, firedAlarms } from '../report/alarms.ts';
import { nextStart } from '../state.ts';
import { isLoadOver, updateOutcomes } from './load-outcomes.ts';
import { type Step, thresholdStop } from './step.ts';
import { enterTeardown } from './teardown.ts';

/** How long a run may last past its planned end before it is stopped, ms. */
const OVERTIME_MS = 60_000;

/** Sets the common start, late enough for every worker to have read it by then. */
export function enterRunning(step: Step): void {
  step.state.startAt = nextStart(step.plan, step.input.now);
  step.state.job = null;
  step.enter('running');
}

/** Running: from `startAt` on every task sends load, until the last of them has ended. Then teardown. */
export function advanceRunning(step: Step): void {
  updateOutcomes(step);
  stopOnThresholds(step);
  stopOnAlarm(step);
  stopOnOvertime(step);
  if (isLoadOver(step)) enterTeardown(step);
}

function stopOnThresholds(step: Step): void {
  const { abort, targetAbort } = step.input;
  if (abort !== null) step.stop(thresholdStop(abort));
  if (targetAbort !== null) {
    const message = `thresholds on the target were crossed; at least one has abortOnFail enabled, stopping test prematurely: ${targetAbort.join('; ')}`;
    step.stop({ kind: 'threshold', message, exitCode: FleetExit.targetFailed });
  }
}

function stopOnAlarm(step: Step): void {
  const fired = firedAlarms(step.state).find(({ effect }) => effect === 'stop');
  if (fired === undefined) return;
  step.stop({ kind: 'alarm', message: alarmMessage(fired), exitCode: FleetExit.targetFailed });
}

function stopOnOvertime(step: Step): void {
  const { state, plan, input } = step;
  const isRunning = state.tasks.some(({ outcome }) => outcome === null);
  if (!isRunning || state.startAt === null || input.now <= state.startAt + plan.durationMs + OVERTIME_MS) return;
  const message = `tasks were still running ${OVERTIME_MS / 1000} s after the planned end of the load`;
  step.stop({ kind: 'internal', message, exitCode: FleetExit.internal });
}
