import type { Control, Job, Phase, StopReason, TaskStatus } from '../contract/control.ts';
import type { Condition } from '../contract/interval-metrics.ts';
import type { Plan } from '../contract/plan.ts';
import type { AlarmTransition, TargetEvent, TargetReading, TargetSample } from '../contract/result.ts';
import type { TokenLevel } from '../token-bucket.ts';
import { initialLaunchLevel } from './launch-rate.ts';

/** How the load of one task ended. */
export interface LoadOutcome {
  /** k6's exit code; null: the task vanished, or was ended with its run. */
  exitCode: number | null;
  /** Unix ms. */
  endedAt: number;
  /** Why it counts as lost; null: it is not. */
  lost: string | null;
  message: string | null;
}

export interface TaskRecord {
  /** The attempt that counts. */
  attempt: number;
  /** Attempts so far that were launched to send load. */
  launches: number;
  /** It waits for its launch: from this moment on it may come, Unix ms. Null: it does not wait. */
  queuedAt: number | null;
  /** The platform has had no room for it, since then (Unix ms). Null: it has room, or was not asked. */
  refusal: { since: number; reason: string } | null;
  /** When the present attempt was launched, Unix ms; null: not yet. */
  launchedAt: number | null;
  /** The latest word of the present attempt. */
  status: TaskStatus | null;
  /** How many windows of the present attempt have been merged. */
  merged: number;
  startSkewMs: number | null;
  outcome: LoadOutcome | null;
}

export interface JobOutcome {
  /** k6's exit code; null: it was killed, or its task was. */
  exitCode: number | null;
  durationMs: number;
  logTail: string[];
}

/** All that a coordinator knows of its run but for the merged metrics. Plain data: it is saved as JSON. */
export interface RunState {
  /** How many coordinators have worked on the run. */
  legs: number;
  /** When the first of them began, Unix ms. */
  begunAt: number;
  phase: Phase;
  /** Unix ms. */
  phaseSince: number;
  /** When all tasks start their load, Unix ms. */
  startAt: number | null;
  tasks: TaskRecord[];
  job: Job | null;
  /** How many jobs have been given out. */
  jobs: number;
  setup: JobOutcome | null;
  setupTries: number;
  teardown: JobOutcome | null;
  summary: JobOutcome | null;
  /** The first reason to end before the time. */
  stop: StopReason | null;
  /** A task's script called exec.test.fail(). */
  markedFailed: boolean;
  /** The token bucket of launches. */
  launchBucket: TokenLevel;
  /** Why the platform had no room for a task, and how often. */
  refusals: Record<string, number>;
  /** Why no task can be launched any more. */
  launchError: string | null;
  warnings: string[];
  readings: TargetReading[];
  events: TargetEvent[];
  samples: TargetSample[];
  alarms: AlarmTransition[];
  /** Conditions that this run has shown; the stack's alarms are on those of all its runs. */
  raisedConditions: Condition[];
  /** To how many tasks the target may scale; null: not known. */
  targetMaximum: number | null;
  /** When the target was watched last after the load, Unix ms; null: only as long as the load lasted. */
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

/** What control.json says of a state. */
export const controlOf = (state: RunState, leaseUntil: number): Control => ({
  phase: state.phase,
  leaseUntil,
  attempts: state.tasks.map(({ attempt }) => attempt),
  startAt: state.startAt,
  job: state.job,
  stop: state.stop,
});

/** When all tasks can start together, Unix ms: each must have read of it by then. */
export const nextStart = ({ timing }: Plan, now: number): number =>
  now + Math.max(3 * timing.controlPollIntervalMs, 300);

/** The test has begun to send load, at least on some task. */
export const hasStarted = (state: RunState, now: number): boolean => state.startAt !== null && now >= state.startAt;

/** Warnings that a run keeps: more of them nobody reads, and each is in every view of its progress. */
const MAX_WARNINGS = 200;
const MORE_WARNINGS = 'there were more warnings than these';

/** Each warning once. */
export function warn({ warnings }: RunState, message: string): void {
  if (warnings.includes(message) || warnings.length > MAX_WARNINGS) return;
  warnings.push(warnings.length < MAX_WARNINGS ? message : MORE_WARNINGS);
}

export function count(counts: Record<string, number>, what: string): void {
  counts[what] = (counts[what] ?? 0) + 1;
}
