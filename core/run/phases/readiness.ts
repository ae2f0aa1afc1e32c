/** Before the start every task has to become ready: lost tasks are replaced, hopeless ones stop the run. */
import type { TaskStatus } from '../../contract/task-status.ts';
import { isScriptFault } from '../k6-exit.ts';
import { type TaskRecord, warn } from '../state.ts';
import { launchTimedOut } from './launch-queue.ts';
import { exitCause, type Step } from './step.ts';

/** How often a task is launched, at most, before it becomes ready. */
const MAX_LAUNCHES = 3;
/** How many lines of a task's log a message quotes. */
const TAIL_LINES = 5;

/**
 * Checks every task; may stop the run.
 * @param setupHost the task that is running setup(): as long as it is alive it is not replaced, since its worker can
 * complete setup() even if its own k6 has died
 */
export function checkReadiness(step: Step, setupHost: number | null = null): void {
  const { state } = step;
  if (state.launchError !== null) step.failToStart(state.launchError);
  state.tasks.forEach((task, index) => {
    if (!step.stopping) checkTask(step, task, index, index === setupHost && step.isAlive(index));
  });
}

function checkTask(step: Step, task: TaskRecord, index: number, isRunningSetup: boolean): void {
  if (task.launchedAt === null) {
    const message = launchTimedOut(step.state, index, step.input.now);
    if (message !== null) step.failToStart(message);
    return;
  }
  const { status } = task;
  if (status?.phase === 'done' && isScriptFault(status.exitCode)) {
    const message = `task ${index} could not start: ${exitCause(status)}`;
    step.stop({ kind: 'script-error', message, exitCode: status.exitCode });
    return;
  }
  const reason = step.lossReason(task, index);
  if (reason === null) checkReadyTimeout(step, task, index, task.launchedAt);
  else if (!isRunningSetup) replace(step, task, index, reason);
}

function checkReadyTimeout(step: Step, { status }: TaskRecord, index: number, launchedAt: number): void {
  const { state, input, plan } = step;
  const { readyTimeoutMs } = plan.timing;
  const arming = state.phase === 'arming';
  const isReady = status?.phase === 'armed' || (status?.phase === 'ready' && !arming);
  const since = arming ? Math.max(launchedAt, state.phaseSince) : launchedAt;
  if (isReady || input.now - since <= readyTimeoutMs) return;
  const problem = status?.phase === 'ready' ? 'did not load the setup data' : 'was not ready';
  step.failToStart(
    `task ${index} ${problem} within ${readyTimeoutMs / 1000} s (raise --ready-timeout)${tailOf(status)}`,
  );
}

function replace(step: Step, task: TaskRecord, index: number, reason: string): void {
  if (task.launches >= MAX_LAUNCHES) {
    step.failToStart(`task ${index} was lost ${MAX_LAUNCHES} times before the start: ${reason}`);
    return;
  }
  warn(step.state, `task ${index} was lost before the start and replaced: ${reason}`);
  step.kill(index);
  task.attempt += 1;
  step.enqueue(index);
}

const tailOf = (status: TaskStatus | null) =>
  status === null || status.logTail.length === 0
    ? ''
    : `; its log ends: ${status.logTail.slice(-TAIL_LINES).join(' | ')}`;
