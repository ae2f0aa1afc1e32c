import { z } from 'zod';

/** Why a run ends before its time; the code is the run's exit code. */
export const StopReason = z.object({
  kind: z.enum(['requested', 'aborted', 'threshold', 'script-error', 'alarm', 'setup', 'not-started', 'internal']),
  /** One clear line for the user. */
  message: z.string(),
  exitCode: z.number().int(),
});
export type StopReason = z.infer<typeof StopReason>;

/** A piece of work that one task does for the run, in a k6 of its own. */
export const Job = z.object({
  kind: z.enum(['setup', 'teardown', 'summary']),
  task: z.number().int(),
  attempt: z.number().int(),
  /** Counts all jobs of the run, from 1; a job that is tried again on another task gets a new number. */
  nr: z.number().int(),
});
export type Job = z.infer<typeof Job>;

/**
 * launching: tasks start, and become ready. setup: one task runs setup(). arming: every task loads the setup data.
 * running: every task un-pauses its k6 at startAt. stopping: every k6 is asked to stop. teardown, summary: one task
 * does that job. observing: workers leave, the target is watched until its expectations are decided. finished: workers
 * leave.
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

/** Nothing is left to do for the workers: they leave. */
export const workersMayExit = (phase: Phase): boolean => phase === 'observing' || phase === 'finished';

/** control.json: the coordinator's word to all workers. */
export const Control = z.object({
  phase: Phase,
  /** Unix ms by the coordinator's clock. Past it, workers stop by themselves. */
  leaseUntil: z.number(),
  /** Which attempt counts, by task. A worker of another attempt leaves at once. */
  attempts: z.array(z.number().int()),
  /** Unix ms by the coordinator's clock; known from phase running on. */
  startAt: z.number().nullable(),
  job: Job.nullable(),
  stop: StopReason.nullable(),
});
export type Control = z.infer<typeof Control>;

/** stop.json: somebody asks the coordinator for a stop. */
export const StopRequest = z.object({ at: z.string(), message: z.string() });
export type StopRequest = z.infer<typeof StopRequest>;

/** active.json of a stack: the runs that have claimed its target; those that have ended since no longer count. */
export const ActiveRuns = z.array(z.object({ run: z.string(), at: z.string() }));
export type ActiveRuns = z.infer<typeof ActiveRuns>;

/** environment.json: what `-e` sets. A value `ssm:/name` or `secretsmanager:name` is read in the task. */
export const ScriptEnvironment = z.record(z.string(), z.string());
export type ScriptEnvironment = z.infer<typeof ScriptEnvironment>;

/** setup-data.json: what setup() returned. undefined, null and a value are told apart. */
export const SetupData = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('undefined') }),
  z.object({ kind: z.literal('value'), value: z.unknown() }),
]);
export type SetupData = z.infer<typeof SetupData>;

/** How a job ended. */
export const JobState = z.object({
  nr: z.number().int(),
  /** k6's exit code; null: k6 was killed or could not be started. */
  exitCode: z.number().int().nullable(),
  /** What the job itself took, ms. */
  durationMs: z.number().nonnegative(),
  /** The last lines of k6's log, where it failed. */
  logTail: z.array(z.string()),
});
export type JobState = z.infer<typeof JobState>;

/** state.json of one attempt at a task: that worker's word. */
export const TaskStatus = z.object({
  task: z.number().int(),
  attempt: z.number().int(),
  /** done: its k6 has exited and all its windows so far are in the store. failed: it cannot go on. */
  phase: z.enum(['starting', 'ready', 'armed', 'running', 'done', 'failed']),
  pid: z.number().int(),
  k6Pid: z.number().int().nullable(),
  /** The store's clock minus the task's, ms. */
  clockOffsetMs: z.number(),
  /** How late this task's k6 was un-paused, ms after startAt. */
  startSkewMs: z.number().nullable(),
  /** k6's exit code; null while it runs. -1: killed by a signal. */
  exitCode: z.number().int().nullable(),
  /** When k6 exited, Unix ms. */
  endedAt: z.number().nullable(),
  /** How many windows are in the store. */
  windows: z.number().int().nonnegative(),
  /** The latest job that this task has done. */
  job: JobState.nullable(),
  /** One line, where it failed or k6 ended on its own account. */
  message: z.string().nullable(),
  logTail: z.array(z.string()),
});
export type TaskStatus = z.infer<typeof TaskStatus>;

/** What an attempt says before anything has happened. */
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
