import type { Plan } from '../contract/plan.ts';
import type { TargetEvent, TargetReading } from '../contract/result.ts';
import type { Control, Job, Phase, StopReason, TaskState } from '../contract/run.ts';

/** How the load of one task ended. */
export interface LoadOutcome {
  /** k6's exit code; null: the task vanished. */
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
  /** When the present attempt was launched, Unix ms; null: not yet. */
  launchedAt: number | null;
  /** The latest word of the present attempt. */
  word: TaskState | null;
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
  warnings: string[];
  readings: TargetReading[];
  events: TargetEvent[];
  /** Tasks whose windows came late, by index: the longest delay, ms. */
  late: Record<number, number>;
}

export function initialState(plan: Plan, now: number): RunState {
  return {
    legs: 0,
    phase: 'launching',
    phaseSince: now,
    startAt: null,
    tasks: plan.tasks.map(() => ({
      attempt: 0,
      launches: 0,
      launchedAt: null,
      word: null,
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
    warnings: [],
    readings: [],
    events: [],
    late: {},
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
export const nextStart = ({ timing }: Plan, now: number): number => now + Math.max(3 * timing.pollMs, 300);

/** The test has begun to send load, at least on some task. */
export const hasStarted = (state: RunState, now: number): boolean => state.startAt !== null && now >= state.startAt;

/** Keeps the first and the last of equal readings in a row: days of a steady target stay small. */
export function addReading(readings: TargetReading[], reading: TargetReading): void {
  const [before, last] = readings.slice(-2);
  const isSame = (other: TargetReading | undefined) =>
    other?.desired === reading.desired && other.running === reading.running && other.pending === reading.pending;
  if (readings.length >= 2 && isSame(before) && isSame(last)) readings[readings.length - 1] = reading;
  else readings.push(reading);
}
