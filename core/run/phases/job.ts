/** A job, setup(), teardown() or handleSummary(): one task runs it for the whole fleet. */
import type { Job } from '../../contract/control.ts';
import { isStopped } from '../k6-exit.ts';
import { lastError } from '../k6-log.ts';
import { isDone, isLost, type JobOutcome, type TaskRecord } from '../state.ts';
import { launchTimedOut } from './launch-queue.ts';
import type { Step } from './step.ts';

/** Time for the job's data and for k6 to exit, ms. */
const JOB_OVERHEAD_MS = 60_000;

/** Assigns a job to a task. */
export function assignJob({ state }: Step, kind: Job['kind'], task: number): void {
  state.jobs += 1;
  state.job = { kind, task, attempt: state.tasks[task]?.attempt ?? 0, nr: state.jobs };
}

/** Assigns a job after the load: to a task that is still alive, or else to a new one that only runs this job. */
export function assignJobAfterLoad(step: Step, kind: Job['kind']): void {
  const { tasks } = step.state;
  const host = tasks.findIndex((task, index) => isDone(task) && !isReclaimed(task) && step.isAlive(index));
  const [first] = tasks;
  if (host < 0 && first !== undefined) {
    step.kill(0);
    first.attempt += 1;
    step.enqueue(0);
  }
  assignJob(step, kind, Math.max(0, host));
}

/** The platform ended its k6, as Spot does. The task may live a little longer, but cannot be relied on. */
const isReclaimed = (task: TaskRecord): boolean =>
  isLost(task) && isStopped(task.outcome.exitCode) && (task.launchedAt ?? 0) <= task.outcome.endedAt;

/** Why a job failed, as part of a sentence. */
export const failureCause = ({ message, logTail }: JobOutcome): string =>
  message ?? lastError(logTail) ?? 'see the task log';

/** The outcome of the current job, once all its windows are merged; null while it is running. */
export function jobOutcome(step: Step): JobOutcome | null {
  const { job, tasks } = step.state;
  const host = job === null ? undefined : tasks[job.task];
  if (job === null || host === undefined) return null;
  const done = host.status?.job ?? null;
  if (host.attempt === job.attempt && done?.nr === job.nr) {
    // A task that is gone ships nothing more: windows that are still missing have been deleted.
    if (host.merged < (host.status?.windows ?? 0) && step.isAlive(job.task)) return null;
    const { exitCode, durationMs, message, logTail } = done;
    return { exitCode, durationMs, message, logTail };
  }
  const isQueued = host.queuedAt !== null && launchTimedOut(step.state, job.task, step.input.now) === null;
  const isHostGone = host.attempt !== job.attempt || !(isQueued || step.isAlive(job.task));
  return isHostGone ? { exitCode: null, durationMs: 0, message: 'the task that ran it was lost', logTail: [] } : null;
}

/** How long a job may take whose function in the script may take `timeoutMs`: k6 has to start first. */
export const jobLimitMs = ({ plan }: Step, timeoutMs: number): number =>
  plan.timing.readyTimeoutMs + timeoutMs + JOB_OVERHEAD_MS;

/**
 * Kills the host of a job that has run for longer than its limit.
 * @param timeoutMs how long the script's function may take, by k6's option
 */
export function killOverdueJob(step: Step, timeoutMs: number): void {
  const { job, phaseSince, tasks } = step.state;
  const launchedAt = job === null ? null : (tasks[job.task]?.launchedAt ?? null);
  if (job === null || launchedAt === null) return;
  const since = Math.max(phaseSince, launchedAt);
  if (step.input.now - since > jobLimitMs(step, timeoutMs)) step.kill(job.task);
}
