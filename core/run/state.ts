import type { Control, Job, Phase, StopReason } from '../contract/control.ts';
import type { Condition } from '../contract/interval-metrics.ts';
import type { Plan } from '../contract/plan.ts';
import type { AlarmTransition, TargetEvent, TargetReading, TargetSample } from '../contract/result.ts';
import type { TaskStatus } from '../contract/task-status.ts';
import type { RunMetrics } from '../metrics/run-metrics.ts';
import type { TokenLevel } from '../token-bucket.ts';
import { initialLaunchLevel } from './launch-rate.ts';

/** How the load of one task ended. */
export interface LoadOutcome {
  /** k6's exit code; null: the task vanished, or was terminated with its run. */
  exitCode: number | null;
  /** Unix ms. */
  endedAt: number;
  /** Why the task counts as lost; null: it does not. */
  lost: string | null;
  message: string | null;
}

export interface TaskRecord {
  /** The current attempt; tasks of earlier attempts no longer count. */
  attempt: number;
  /** How many attempts have been launched to send load. */
  launches: number;
  /** The task is queued and may be launched from this moment on, Unix ms; null: it is not queued. */
  queuedAt: number | null;
  /** The platform refuses to launch it: since when (Unix ms), and the latest reason. */
  refusal: { since: number; reason: string } | null;
  /** When the current attempt was launched, Unix ms; null: not yet. */
  launchedAt: number | null;
  /** The latest status that the current attempt has reported. */
  status: TaskStatus | null;
  /** How many windows of the current attempt have been merged. */
  merged: number;
  startSkewMs: number | null;
  outcome: LoadOutcome | null;
}

/** Its k6 has exited. */
export const isDone = (task: TaskRecord): task is TaskRecord & { status: TaskStatus } => task.status?.phase === 'done';

/** Its load ended early, so that part of it is missing. */
export const isLost = (task: TaskRecord): task is TaskRecord & { outcome: LoadOutcome & { lost: string } } =>
  task.outcome !== null && task.outcome.lost !== null;

/** How many windows a task that is done has in the store that have not been merged; 0 before. */
export const missingWindows = (task: TaskRecord): number =>
  isDone(task) ? Math.max(0, task.status.windows - task.merged) : 0;

export interface JobOutcome {
  /** k6's exit code; null: it was killed, or its task was. */
  exitCode: number | null;
  durationMs: number;
  /** Why it failed, if k6's log does not say so. */
  message: string | null;
  logTail: string[];
}

/** A run in a coordinator's memory: what was planned, what has happened, and what has been measured. */
export interface Run {
  readonly plan: Plan;
  /** Changes in place. */
  readonly state: RunState;
  /** Changes in place. */
  readonly metrics: RunMetrics;
}

/** What has happened in a run, apart from the merged metrics. Plain data: a checkpoint holds it as JSON. */
export interface RunState {
  /** How many coordinators have driven the run. */
  legs: number;
  /** When the first of them started, Unix ms. */
  begunAt: number;
  phase: Phase;
  /** Unix ms. */
  phaseSince: number;
  /** When all tasks start their load, Unix ms. */
  startAt: number | null;
  tasks: TaskRecord[];
  job: Job | null;
  /** How many jobs have been assigned. */
  jobs: number;
  setup: JobOutcome | null;
  setupTries: number;
  teardown: JobOutcome | null;
  summary: JobOutcome | null;
  /** Why the run was stopped early; null: it was not. */
  stop: StopReason | null;
  /** A user's request to stop has been obeyed: it is in the store for the rest of the run. */
  stopRequested: boolean;
  /** A task's script called exec.test.fail(). */
  markedFailed: boolean;
  /** The token bucket of launches. */
  launchBucket: TokenLevel;
  /** Why the platform refused to launch a task, and how often. */
  refusals: Record<string, number>;
  /** Why a launch can never succeed. */
  launchError: string | null;
  warnings: string[];
  readings: TargetReading[];
  events: TargetEvent[];
  samples: TargetSample[];
  alarms: AlarmTransition[];
  /** Conditions that this run has raised; an alarm of the stack may have been raised by another run. */
  raisedConditions: Condition[];
  /** To how many tasks the target may scale; null: not known. */
  targetMaximum: number | null;
  /** Until when the target was observed after the load, Unix ms; null: it was not. */
  observedUntil: number | null;
  /** Tasks whose windows came late, by index: the longest delay, ms. */
  lateTasks: Record<number, number>;
}

export function initialState(plan: Plan, now: number): RunState {
  return {
    legs: 0,
    begunAt: now,
    phase: 'launching',
    phaseSince: now,
    startAt: null,
    tasks: plan.tasks.map(() => ({
      attempt: 0,
      launches: 0,
      queuedAt: now,
      refusal: null,
      launchedAt: null,
      status: null,
      merged: 0,
      startSkewMs: null,
      outcome: null,
    })),
    job: null,
    jobs: 0,
    setup: null,
    setupTries: 0,
    teardown: null,
    summary: null,
    stop: null,
    stopRequested: false,
    markedFailed: false,
    launchBucket: initialLaunchLevel(plan.timing.launchesPerSecond, now),
    refusals: {},
    launchError: null,
    warnings: [],
    readings: [],
    events: [],
    samples: [],
    alarms: [],
    raisedConditions: [],
    targetMaximum: null,
    observedUntil: null,
    lateTasks: {},
  };
}

/** The state as control.json publishes it. */
export const controlOf = (state: RunState, leaseUntil: number): Control => ({
  phase: state.phase,
  leaseUntil,
  attempts: state.tasks.map(({ attempt }) => attempt),
  startAt: state.startAt,
  job: state.job,
  stop: state.stop,
});

/** When all tasks can start together, Unix ms: by then each worker has polled control.json. */
export const nextStart = ({ timing }: Plan, now: number): number =>
  now + Math.max(3 * timing.controlPollIntervalMs, 300);

/** Whether the load has started. */
export const hasStarted = (state: RunState, now: number): boolean => state.startAt !== null && now >= state.startAt;

/** Bounds the warnings of a run: all of them are in each progress.json. */
const MAX_WARNINGS = 200;
const MORE_WARNINGS = 'further warnings were omitted';

/** Adds a warning, unless the run has it already. */
export function warn({ warnings }: RunState, message: string): void {
  if (warnings.includes(message) || warnings.length > MAX_WARNINGS) return;
  warnings.push(warnings.length < MAX_WARNINGS ? message : MORE_WARNINGS);
}

export function count(counts: Record<string, number>, what: string): void {
  counts[what] = (counts[what] ?? 0) + 1;
}
