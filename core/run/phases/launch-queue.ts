/** The queue of tasks that are to be launched, and what became of each launch. */
import type { LaunchResult, TaskRef } from '../../ports.ts';
import { TokenBucket } from '../../token-bucket.ts';
import { launchRate } from '../launch-rate.ts';
import { count, type RunState } from '../state.ts';
import type { Step } from './step.ts';

/**
 * A task for which there was no room is tried again after so long, ms: the next attempt goes to another zone, where
 * there may be room at once.
 */
const RETRY_MS = 3000;
/**
 * For how long a task may find no room before the run is given up, ms. Shortages of Fargate mostly pass within minutes;
 * meanwhile all tasks that did find room cost money without sending load.
 */
const PATIENCE_MS = 10 * 60_000;
/** Different reasons of the platform that are told apart; zones times causes are fewer. */
const MAX_REASONS = 20;

/** Launches of the queue what its turn and the rate allow: who has waited longest comes first. */
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

/** A launch that can never succeed: the run need not try another one. */
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

/** Why a task that waits for its launch will not be waited for any longer; null: it will. */
export function launchTimedOut(state: RunState, task: number, now: number): string | null {
  const refused = state.tasks[task]?.refusal ?? null;
  if (refused === null || now - refused.since <= PATIENCE_MS) return null;
  return `the platform has had no room for task ${task} for ${PATIENCE_MS / 60_000} min (${refused.reason}); use fewer tasks, or try again later`;
}

export const refusalWarnings = ({ refusals }: RunState): string[] =>
  Object.entries(refusals).map(
    ([reason, times]) => `no room for a task, ${times} times, so it was tried again: ${reason}`,
  );
