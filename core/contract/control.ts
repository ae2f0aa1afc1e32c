import { z } from 'zod';

/** Why a run ends before its planned end; `exitCode` becomes the run's exit code. */
export const StopReason = z.object({
  kind: z.enum(['requested', 'aborted', 'threshold', 'script-error', 'alarm', 'setup', 'not-started', 'internal']),
  /** One line for the user. */
  message: z.string(),
  exitCode: z.number().int(),
});
export type StopReason = z.infer<typeof StopReason>;

/** stop.json: a user's request to stop the run gracefully. `at` is ISO 8601. */
export const StopRequest = z.object({ at: z.string(), message: z.string() });
export type StopRequest = z.infer<typeof StopRequest>;

/** A piece of work that one task does for the whole run, in a k6 process of its own. */
export const Job = z.object({
  kind: z.enum(['setup', 'teardown', 'summary']),
  task: z.number().int(),
  attempt: z.number().int(),
  /** Counts all jobs of the run, from 1. A job that is retried on another task gets a new number. */
  nr: z.number().int(),
});
export type Job = z.infer<typeof Job>;

/**
 * The phases of a run, in order; all but `launching` and `finished` may be skipped, none is repeated.
 * - launching: tasks start and become ready.
 * - setup: one task runs setup().
 * - arming: every task loads the setup data.
 * - running: every task resumes its paused k6 at `startAt`.
 * - stopping: every k6 is asked to stop.
 * - teardown, summary: one task runs that job.
 * - observing: workers exit; the target is observed until its expectations are decided.
 * - finished: workers exit; the result is in the store.
 */
export const Phase = z.enum([
  'launching',
  'setup',
  'arming',
  'running',
  'stopping',
  'teardown',
  'summary',
  'observing',
  'finished',
]);
export type Phase = z.infer<typeof Phase>;

/** Whether nothing is left to do for workers. */
export const workersMayExit = (phase: Phase): boolean => phase === 'observing' || phase === 'finished';

/**
 * control.json: the coordinator's orders to all workers, which poll it and may miss versions in between. It is also the
 * lock of the run: the coordinator that replaced it last owns the run.
 */
export const Control = z.object({
  phase: Phase,
  /** Unix ms by the coordinator's clock. Once it is past, workers stop by themselves: no coordinator is left. */
  leaseUntil: z.number(),
  /** The attempt that counts, by task. A worker of another attempt exits. */
  attempts: z.array(z.number().int()),
  /** When all tasks start their load, Unix ms by the coordinator's clock. Set from phase `running` on, then fixed. */
  startAt: z.number().nullable(),
  /** The current or latest job. */
  job: Job.nullable(),
  stop: StopReason.nullable(),
});
export type Control = z.infer<typeof Control>;
