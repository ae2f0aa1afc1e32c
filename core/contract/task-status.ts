import { z } from 'zod';

/** How a job ended. */
export const JobStatus = z.object({
  /** The job's `nr`. */
  nr: z.number().int(),
  /** k6's exit code; null: k6 was killed or could not be started. */
  exitCode: z.number().int().nullable(),
  /** How long the job itself took, ms. */
  durationMs: z.number().nonnegative(),
  /** Why the job failed, one line for the user, if k6's log does not say so; otherwise null. */
  message: z.string().nullable(),
  /** The last lines of k6's log if the job failed; otherwise empty. */
  logTail: z.array(z.string()),
});
export type JobStatus = z.infer<typeof JobStatus>;

/**
 * status.json of one attempt at a task: what that worker reports. A worker that crashes leaves its last status behind,
 * so a status says nothing about whether the task is still alive: the fleet does.
 */
export const TaskStatus = z.object({
  task: z.number().int(),
  attempt: z.number().int(),
  /**
   * ready: k6 is initialised and paused. armed: it has the setup data. done: its k6 has exited and the store has all of
   * its windows. failed: it cannot continue. Phases only move forward.
   */
  phase: z.enum(['starting', 'ready', 'armed', 'running', 'done', 'failed']),
  /** Of the worker. */
  pid: z.number().int(),
  k6Pid: z.number().int().nullable(),
  /** The store's clock minus the task's, ms. */
  clockOffsetMs: z.number(),
  /** How late this task's k6 was resumed, ms after startAt. */
  startSkewMs: z.number().nullable(),
  /** k6's exit code; null while it runs. -1: killed by a signal. */
  exitCode: z.number().int().nullable(),
  /** When k6 exited, Unix ms by the task's clock. */
  endedAt: z.number().nullable(),
  /** How many windows are in the store: sequence numbers 0 to this - 1. Final once phase is `done`. */
  windows: z.number().int().nonnegative(),
  /** The last job that this task has finished. */
  job: JobStatus.nullable(),
  /** One line for the user if the task failed or k6 ended other than by exit code 0. */
  message: z.string().nullable(),
  /** The last lines of k6's log while it starts and after it failed. */
  logTail: z.array(z.string()),
});
export type TaskStatus = z.infer<typeof TaskStatus>;

export const initialTaskStatus = (task: number, attempt: number, pid: number): TaskStatus => ({
  task,
  attempt,
  phase: 'starting',
  pid,
  k6Pid: null,
  clockOffsetMs: 0,
  startSkewMs: null,
  exitCode: null,
  endedAt: null,
  windows: 0,
  job: null,
  message: null,
  logTail: [],
});
