/** A run that nobody conducts any more ends where it stands. */
import type { StopReason } from '../../contract/control.ts';
import type { RunState } from '../state.ts';

/**
 * Ends the run, without the phases that were still to come. One that had come to its end keeps that end. Whoever had a
 * job keeps it: what it has measured is still to be read.
 */
export function terminate(state: RunState, reason: StopReason, now: number): void {
  if (state.phase === 'finished') return;
  state.stop ??= reason;
  state.phase = 'finished';
  state.phaseSince = now;
  for (const task of state.tasks) task.queuedAt = null;
}

/** How the tasks that still sent load have ended with their run. */
export function settleOutcomes(state: RunState, now: number): void {
  if (state.startAt === null) return;
  for (const task of state.tasks) {
    const { status } = task;
    if (task.launchedAt === null) continue;
    task.startSkewMs ??= status?.startSkewMs ?? null;
    task.outcome ??=
      status?.phase === 'done'
        ? {
            exitCode: status.exitCode,
            endedAt: (status.endedAt ?? now) + status.clockOffsetMs,
            lost: null,
            message: status.message,
          }
        : { exitCode: null, endedAt: now, lost: null, message: null };
  }
}
