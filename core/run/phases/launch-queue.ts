/** The queue of tasks that wait for their launch, and what became of each launch. */
import type { LaunchResult, TaskRef } from '../../ports.ts';
import { TokenBucket } from '../../token-bucket.ts';
import { launchRate } from '../launch-rate.ts';
import { count, type RunState } from '../state.ts';
import type { Step } from './step.ts';

/** A refused task is launched again after this time, ms: the next attempt goes to another zone, which may have capacity. */
const RETRY_MS = 3000;
/**
 * How long a task may be refused before the run is given up, ms. Most shortages of Fargate pass within minutes;
 * meanwhile all tasks that were launched cost money without sending load.
 */
const LAUNCH_TIMEOUT_MS = 10 * 60_000;
/** How many different reasons of refusal are kept: more than zones times causes. */
const MAX_REASONS = 20;

/** Launches as many of the queued tasks as the rate allows, those that have waited longest first. */
export function launchQueued(step: Step): void {
  const { state, plan, input } = step;
  const waiting = state.tasks
    .map(({ queuedAt }, index) => ({ queuedAt, index }))
    .filter((entry): entry is { queuedAt: number; index: number } => entry.queuedAt !== null)
    .filter(({ queuedAt }) => queuedAt <= input.now)
    .sort((a, b) => a.queuedAt - b.queuedAt || a.index - b.index);
  const bucket = new TokenBucket(launchRate(plan.timing.launchesPerSecond), state.launchBucket);
  const granted = bucket.take(waiting.length, input.now);
  for (const { index } of waiting.slice(0, granted)) step.launch(index);
}

/** Records the platform's answer to a launch. A refused attempt is queued again as the next one; it is not a loss. */
export function settleLaunch(state: RunState, { task, attempt }: TaskRef, result: LaunchResult, now: number): void {
  const record = state.tasks[task];
  if (record === undefined || record.attempt !== attempt) return;
  if (result.state === 'launched') {
    record.refusal = null;
    return;
  }
  const { reason } = result;
  if (reason in state.refusals || Object.keys(state.refusals).length < MAX_REASONS) count(state.refusals, reason);
  withdraw(state, task);
  record.attempt += 1;
  record.launches -= 1;
  record.queuedAt = now + RETRY_MS;
  record.refusal = { since: record.refusal?.since ?? now, reason };
  if (state.job?.task === task && state.job.attempt === attempt) state.job.attempt = record.attempt;
}

/** Records a launch that can never succeed: no other task is launched either. */
export function failLaunch(state: RunState, { task }: TaskRef, message: string): void {
  state.launchError ??= `task ${task} cannot be launched: ${message}`;
  withdraw(state, task);
}

function withdraw(state: RunState, task: number): void {
  const record = state.tasks[task];
  if (record === undefined) return;
  record.launchedAt = null;
  record.queuedAt = null;
}

/** Why the run gives up launching this task; null if it does not. */
export function launchTimedOut(state: RunState, task: number, now: number): string | null {
  const refused = state.tasks[task]?.refusal ?? null;
  if (refused === null || now - refused.since <= LAUNCH_TIMEOUT_MS) return null;
  return `the platform had no capacity for task ${task} for ${LAUNCH_TIMEOUT_MS / 60_000} min (${refused.reason}); use fewer tasks, or try again later`;
}

export const refusalWarnings = ({ refusals }: RunState): string[] =>
  Object.entries(refusals).map(([reason, times]) =>
    times === 1
      ? `1 launch was refused and retried: ${reason}`
      : `${times} launches were refused and retried: ${reason}`,
  );
