import { z } from 'zod';
import { Phase } from './control.ts';
import { TargetReading } from './result.ts';

/** How often the coordinator writes progress.json, ms. */
export const PROGRESS_INTERVAL_MS = 1000;

/**
 * How a threshold stands while the run is under way. Undecided: it has no samples yet, or fails now and will pass if its
 * value only moves on, as `count>50` does.
 */
export const ThresholdState = z.enum(['passing', 'failing', 'undecided']);
export type ThresholdState = z.infer<typeof ThresholdState>;

const Value = z.number().nullable();

export const ScenarioProgress = z.object({
  name: z.string(),
  executor: z.string(),
  done: z.number(),
  total: z.number(),
  /** `iterations` of shared-iterations and per-vu-iterations, as in k6; otherwise the time since its start. */
  unit: z.enum(['iterations', 'ms']),
});
export type ScenarioProgress = z.infer<typeof ScenarioProgress>;

/** progress.json: the state of an active run, for live views. */
export const Progress = z.object({
  id: z.string(),
  name: z.string(),
  phase: Phase,
  /** When it was written, Unix ms. */
  at: z.number(),
  startAt: z.number().nullable(),
  /** Since the start, ms; 0 before. */
  elapsedMs: z.number(),
  /** Planned, ms. */
  durationMs: z.number(),
  /** `durationMs` is only a maximum: iterations may end the load earlier. */
  isDurationMaximum: z.boolean(),
  /** The share of the load that is done, 0 to 1: that of the scenario that is the farthest from its end. */
  progress: z.number(),
  /** At most 50, by start, then by name. */
  scenarios: z.array(ScenarioProgress),
  moreScenarios: z.number(),
  tasks: z.object({ planned: z.number(), ready: z.number(), running: z.number(), done: z.number(), lost: z.number() }),
  vus: z.number(),
  maxVUs: z.number(),
  requests: z.number(),
  /** Over the last seconds. */
  requestsPerSecond: z.number(),
  /** Failed requests over requests in the last seconds, 0 to 1. */
  errorRate: z.number(),
  /** http_req_duration over the last seconds, ms. */
  p50: Value,
  p95: Value,
  p99: Value,
  iterations: z.number(),
  checksFailed: z.number(),
  /** Up to when all running tasks have delivered their samples, Unix ms: the thresholds are judged on these. Null: none. */
  judgedUntil: Value,
  thresholds: z.array(z.object({ key: z.string(), source: z.string(), state: ThresholdState })),
  /** What the tasks' logs hold so far. */
  errors: z.object({
    /** Iterations that threw an exception. */
    exceptions: z.number(),
    /** Requests that failed without a response. */
    requests: z.number(),
    /** All other errors and warnings. */
    errors: z.number(),
    warnings: z.number(),
    /** The most frequent messages. */
    top: z.array(z.object({ message: z.string(), count: z.number() })),
  }),
  /** The latest lines that the script wrote by console.log or the like, at most 16,384 characters, the oldest first. */
  console: z.object({
    lines: z.array(
      z.object({
        /** Counts the lines of the run from 1. Numbers before the first line here are gone. */
        n: z.number(),
        /** Unix ms. */
        t: z.number(),
        task: z.number(),
        level: z.string(),
        message: z.string(),
      }),
    ),
    /** How many lines the tasks have held back. */
    held: z.number(),
  }),
  target: TargetReading.nullable(),
  warnings: z.array(z.string()),
});
export type Progress = z.infer<typeof Progress>;
