/** How the load of each task ended, and what that means for the run. */

import { K6Exit } from '../../contract/exit-codes.ts';
import type { TaskStatus } from '../../contract/task-status.ts';
import { isComplete, isScriptFault, isStopped } from '../k6-exit.ts';
import { isDone, type LoadOutcome, missingWindows, type TaskRecord } from '../state.ts';
import { exitCause, fatalError, type Step } from './step.ts';

/** How long k6 may take to stop before its task is killed, ms: longer than the worker takes to kill k6 itself. */
export const STOP_TIMEOUT_MS = 45_000;
/**
 * How long after the stop the run waits for a task that does not end, ms. A task that was killed has 120 s to exit
 * (the stack's stopTimeout).
 */
const STUCK_MS = 300_000;
/**
 * How long after a task's end the run waits for windows that the task has reported but that cannot be read, ms. Since a
 * worker reports only windows that are in the store, they have been deleted.
 */
const MISSING_TIMEOUT_MS = 30_000;

/** Records the outcome of each task whose load has ended since the last tick; may stop the run. */
export function updateOutcomes(step: Step): void {
  step.state.tasks.forEach((task, index) => {
    task.startSkewMs ??= task.status?.startSkewMs ?? null;
    task.outcome ??= loadOutcome(step, task, index);
    if (task.outcome !== null && areWindowsLost(task, step.input.now)) {
      task.outcome.lost ??= `${missingWindows(task)} of its windows are missing from the store`;
    }
    checkExitCode(step, task, index);
  });
}

/** Whether every task has ended and all its windows have been merged. */
export const isLoadOver = ({ state, input }: Step): boolean =>
  state.tasks.every((task) => task.outcome !== null && (missingWindows(task) === 0 || areWindowsLost(task, input.now)));

/** The stop is so long ago that a task which has not ended never will. */
export const isStuck = ({ stopping, input, state }: Step): boolean =>
  stopping && input.now - state.phaseSince > STUCK_MS;

/** As `Step.lossReason`; a task that is stuck is lost, too. */
export const lossReason = (step: Step, task: TaskRecord, index: number): string | null =>
  step.lossReason(task, index) ?? (isStuck(step) ? `it did not exit within ${STUCK_MS / 1000} s of the stop` : null);

function loadOutcome(step: Step, task: TaskRecord, index: number): LoadOutcome | null {
  if (isDone(task)) {
    const { exitCode, message, endedAt, clockOffsetMs } = task.status;
    // A k6 that exited for any other reason took the rest of its load with it.
    const isRegular = isComplete(exitCode) || isScriptFault(exitCode) || (step.stopping && isStopped(exitCode));
    const lost = isRegular ? null : exitReason(task);
    return { exitCode, endedAt: (endedAt ?? step.input.now) + clockOffsetMs, message, lost };
  }
  const reason = lossReason(step, task, index);
  if (reason === null) return null;
  // A stuck task has sent no load since it was killed.
  const endedAt = isStuck(step) ? step.state.phaseSince + STOP_TIMEOUT_MS : step.input.now;
  return { exitCode: null, endedAt, message: reason, lost: reason };
}

/** `k6 was stopped: the platform stopped the task`, or `k6 ended with exit code 2: fatal error: out of memory`. */
function exitReason({ status }: TaskRecord & { status: TaskStatus }): string {
  if (isStopped(status.exitCode)) return `k6 was stopped: ${exitCause(status)}`;
  return [status.message ?? 'k6 died', fatalError(status)].filter((part) => part !== null).join(': ');
}

/** What a task's exit code means for the whole run. */
function checkExitCode(step: Step, task: TaskRecord, index: number): void {
  const code = task.outcome?.exitCode;
  if (code === K6Exit.markedAsFailed) step.state.markedFailed = true;
  if (!isScriptFault(code)) return;
  const cause = task.status === null ? '' : `: ${exitCause(task.status)}`;
  const aborted = code === K6Exit.scriptAborted;
  step.stop({
    kind: aborted ? 'aborted' : 'script-error',
    message: aborted ? `the script aborted the test in task ${index}${cause}` : `task ${index} failed${cause}`,
    exitCode: code,
  });
}

const areWindowsLost = (task: TaskRecord, now: number): boolean =>
  task.outcome !== null && missingWindows(task) > 0 && now - task.outcome.endedAt > MISSING_TIMEOUT_MS;
