/** Ending a run that no coordinator drives any more. */
import type { StopReason } from '../../contract/control.ts';
import { isDone, type RunState } from '../state.ts';

/**
 * Ends the run where it stands, without its remaining phases; a run that is finished stays as it is. A job stays
 * assigned, so that its windows are still read.
 */
export function terminate(state: RunState, reason: StopReason, now: number): void {
  if (state.phase === 'finished') return;
  state.stop ??= reason;
  state.phase = 'finished';
  state.phaseSince = now;
  for (const task of state.tasks) task.queuedAt = null;
}

/** Gives an outcome to each task that was still sending load when its run was terminated. */
export function settleOutcomes(state: RunState, now: number): void {
  if (state.startAt === null) return;
  for (const task of state.tasks) {
    if (task.launchedAt === null) continue;
    task.startSkewMs ??= task.status?.startSkewMs ?? null;
    task.outcome ??= isDone(task)
      ? {
          exitCode: task.status.exitCode,
          endedAt: (task.status.endedAt ?? now) + task.status.clockOffsetMs,
          lost: null,
          message: task.status.message,
        }
      : { exitCode: null, endedAt: now, lost: null, message: null };
  }
}
