import { isDone, type TaskRecord } from '../state.ts';
import { jobOutcome } from './job.ts';
import { isLoadOver, isStuck, lossReason, STOP_TIMEOUT_MS, updateOutcomes } from './load-outcomes.ts';
import type { Step } from './step.ts';
import { enterTeardown } from './teardown.ts';

/** Stopping: every k6 is asked to stop, and killed if it does not. Then teardown. */
export function advanceStopping(step: Step): void {
  const isOver = step.state.startAt === null ? isOverBeforeStart(step) : isOverUnderLoad(step);
  if (isOver) enterTeardown(step);
  else killStragglers(step);
}

function isOverUnderLoad(step: Step): boolean {
  updateOutcomes(step);
  return isLoadOver(step);
}

/** A run that is stopped before its start has no load: it is over when every k6 has exited, that of setup() too. */
function isOverBeforeStart(step: Step): boolean {
  const { state } = step;
  const setup = jobOutcome(step);
  state.setup ??= setup;
  const hasEnded = (task: TaskRecord, index: number) =>
    task.launchedAt === null || isDone(task) || lossReason(step, task, index) !== null;
  const isSetupOver = state.job === null || setup !== null || isStuck(step);
  return state.tasks.every(hasEnded) && isSetupOver;
}

/** A task whose k6 has exited is spared, since it may run a job later; but not if its setup() is still running. */
function killStragglers(step: Step): void {
  const { state, input } = step;
  if (input.now - state.phaseSince < STOP_TIMEOUT_MS) return;
  state.tasks.forEach((task, index) => {
    const hasEnded = task.launchedAt === null || task.outcome !== null || isDone(task);
    const isRunningSetup = state.job?.task === index && state.setup === null;
    if (!hasEnded || isRunningSetup) step.kill(index);
  });
}
