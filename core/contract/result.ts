import { z } from 'zod';
import { StopReason } from './control.ts';
import { SummaryMetric } from './script-data.ts';

/** A number; null for infinities and NaN, as JSON.stringify writes them. */
const Value = z.number().nullable();

const ThresholdResult = z.object({ source: z.string(), ok: z.boolean() });

const MetricResult = z.object({
  type: z.enum(['counter', 'gauge', 'rate', 'trend']),
  contains: z.enum(['default', 'time', 'data']),
  values: z
    .record(z.string(), Value)
    .describe(
      'counter: count, rate (per second). gauge: value, min, max. rate: rate, passes, fails. trend: count, avg, min, med, max, p(90), p(95), p(99), p(99.9) and all of summaryTrendStats.',
    ),
  thresholds: z.array(ThresholdResult),
});
export type MetricResult = z.infer<typeof MetricResult>;

const CheckResult = z.object({
  name: z.string(),
  /** `::outer::inner`; empty for the root. */
  group: z.string(),
  passes: z.number().int(),
  fails: z.number().int(),
});
export type CheckResult = z.infer<typeof CheckResult>;

const Latency = z.object({
  avg: Value,
  min: Value,
  med: Value,
  max: Value,
  'p(90)': Value,
  'p(95)': Value,
  'p(99)': Value,
  'p(99.9)': Value,
});

const BreakdownRow = z.object({
  name: z.string(),
  method: z.string(),
  status: z.string(),
  scenario: z.string(),
  requests: z.number(),
  failed: z.number(),
  /** http_req_duration, ms. */
  duration: Latency.nullable(),
});
export type BreakdownRow = z.infer<typeof BreakdownRow>;

const SeriesPoint = z.object({
  /** Start of the interval, Unix seconds. */
  t: z.number(),
  vus: z.number(),
  requests: z.number(),
  failed: z.number(),
  iterations: z.number(),
  dropped: z.number().describe('dropped iterations'),
  checksFailed: z.number(),
  received: z.number().describe('bytes'),
  sent: z.number().describe('bytes'),
  /** http_req_duration over the interval, ms; null without requests. */
  avg: Value,
  med: Value,
  p95: Value,
  p99: Value,
  max: Value,
});
export type SeriesPoint = z.infer<typeof SeriesPoint>;

/** A message of k6's log; URLs, numbers and identifiers in it are replaced, so that it is the same each time. */
const ErrorMessage = z.object({
  message: z.string().describe('`(other)`: the messages past the limit on distinct ones, by level and source'),
  level: z.enum(['warning', 'error']),
  source: z
    .enum(['exception', 'request', 'console', 'k6'])
    .describe('exception: thrown in an iteration; request: failed without a response; console: of the script'),
  scenario: z.string().optional(),
  place: z.string().optional().describe('where in the script an exception was thrown: file:line:column'),
  count: z.number().int().describe('exact'),
  /** Unix ms. */
  firstAt: z.number(),
  lastAt: z.number(),
  taskCount: z.number().int(),
  tasks: z.array(z.number().int()).describe('the first 20 tasks that logged it'),
  example: z.string().nullable().describe('the first one as it was logged'),
  stack: z.string().nullable().describe('of the example'),
});
export type ErrorMessage = z.infer<typeof ErrorMessage>;

const FailedRequests = z.object({
  status: z.string().describe('0: without a response; empty: without the tag; `(other)`: those past the limit'),
  errorCode: z.string().describe("k6's error_code; empty: without the tag"),
  count: z.number().int(),
});
export type FailedRequests = z.infer<typeof FailedRequests>;

const TaskResult = z.object({
  task: z.number().int(),
  attempts: z.number().int(),
  state: z.enum(['done', 'lost', 'failed', 'stopped', 'not-started']),
  exitCode: z.number().int().nullable(),
  startSkewMs: z.number().nullable(),
  requests: z.number(),
  iterations: z.number(),
  /** Highest share of the available CPU in use over any five seconds, 0 to 1. */
  peakBusy: z.number(),
  peakOwnBusy: z
    .number()
    .nullable()
    .describe(
      'the part of peakBusy that this task used itself, 0 to 1; the rest is of other programs on the machine. Null: not known',
    ),
  lost: z
    .object({
      at: z.string(),
      atMs: z.number(),
      missingShare: z.number(),
      missingOf: z
        .enum(['iterations', 'time'])
        .describe(
          'what missingShare is of: the planned iterations, if all scenarios have a fixed number; otherwise the load time, weighted by VUs',
        ),
      reason: z.string(),
    })
    .nullable()
    .describe(
      'atMs: ms after the start; missingShare: the share of the planned load, 0 to 1, that is missing because of this loss',
    ),
  message: z.string().nullable(),
});
export type TaskResult = z.infer<typeof TaskResult>;

export const TargetReading = z.object({
  /** Unix ms. */
  at: z.number(),
  desired: z.number().int(),
  running: z.number().int(),
  pending: z.number().int(),
});
export type TargetReading = z.infer<typeof TargetReading>;

export const TargetEvent = z.object({
  /** Unix ms, by the clock of the target's platform. */
  at: z.number(),
  message: z.string(),
  desired: z.number().int().optional().describe('the event set the desired count of the whole target to this'),
  steady: z.boolean().optional().describe('true: all desired tasks of the whole target ran'),
});
export type TargetEvent = z.infer<typeof TargetEvent>;

/** One value of one of the target's series, such as `cpu`. */
export const TargetSample = z.object({
  series: z.string(),
  /** Unix ms: the start of its interval. */
  at: z.number(),
  value: z.number(),
});
export type TargetSample = z.infer<typeof TargetSample>;

/** An alarm that changed its state. */
export const AlarmTransition = z.object({
  name: z.string(),
  /** Unix ms. */
  at: z.number(),
  state: z.enum(['OK', 'ALARM', 'INSUFFICIENT_DATA']),
  reason: z.string(),
  effect: z
    .enum(['stop', 'fail', 'report'])
    .describe('what its firing does: it stops and fails the run, fails the run, or is only reported'),
});
export type AlarmTransition = z.infer<typeof AlarmTransition>;

/** Moments of the target's scaling, Unix ms; null: it did not happen. */
const TargetMoments = z.object({
  loadRose: z.number().nullable(),
  desiredRose: z.number().nullable(),
  runningRose: z.number().nullable(),
  latencyRecovered: z.number().nullable().describe('p95 came back under its bound for good'),
  latencyLost: z.number().nullable().describe('p95 exceeded its bound again, after a first return that did not last'),
});
export type TargetMoments = z.infer<typeof TargetMoments>;

const Expectation = z.object({
  name: z.enum(['scaleOutWithin', 'minPeakTasks', 'maxErrorRate', 'recoverWithin', 'thresholds']),
  ok: z.boolean(),
  /** One line that names the moments. */
  message: z.string(),
});
export type Expectation = z.infer<typeof Expectation>;

export const TargetResult = z.object({
  timeline: z.array(TargetReading),
  events: z.array(TargetEvent),
  series: z
    .record(z.string(), z.array(z.object({ at: z.number(), value: z.number() })))
    .describe("the target's series, such as cpu in %, by name; at: Unix ms"),
  moments: TargetMoments,
  /** ms after the load increased. */
  timings: z.object({
    toDesiredMs: z.number().nullable(),
    toRunningMs: z.number().nullable(),
    toRecoveredMs: z.number().nullable(),
  }),
  peakTasks: z.number().int().nullable(),
  expectations: z.array(Expectation),
});
export type TargetResult = z.infer<typeof TargetResult>;

/** A scenario or a group of the full summary. */
export const SectionResult = z
  .object({
    name: z.string(),
    metrics: z
      .record(z.string(), SummaryMetric.omit({ thresholds: true }))
      .describe('by name; trends have the aggregates of summaryTrendStats'),
    checks: z
      .array(z.object({ name: z.string(), passes: z.number().int(), fails: z.number().int() }))
      .describe('of a scenario: those in its groups too'),
    get groups() {
      return z.array(SectionResult);
    },
  })
  .meta({ id: 'Section' });
export type SectionResult = z.infer<typeof SectionResult>;

/** result.json: the outcome of the run. */
export const Result = z.object({
  version: z.literal(1),
  run: z.object({
    id: z.string(),
    name: z.string(),
    script: z.string(),
    k6Version: z.string(),
    createdAt: z.string(),
    /** ISO 8601; null: the test never started. */
    startedAt: z.string().nullable(),
    endedAt: z.string(),
    /** setup + load + teardown, ms; the divisor of rates. */
    testRunDurationMs: z.number(),
    setupMs: z.number(),
    teardownMs: z.number(),
    tasks: z.number().int(),
    /** How many coordinators drove it. */
    legs: z.number().int(),
  }),
  verdict: z.object({ passed: z.boolean(), exitCode: z.number().int(), reasons: z.array(z.string()) }),
  notes: z
    .array(z.string())
    .default([])
    .describe(
      'what the verdict does not judge and a reader must know, such as that most iterations threw an exception',
    ),
  stop: StopReason.nullable(),
  warnings: z.array(z.string()),
  generator: z.object({
    /** The load generator was the bottleneck: the numbers describe it rather than the target. */
    saturated: z.boolean(),
    reasons: z.array(z.string()),
  }),
  metrics: z.record(z.string(), MetricResult),
  checks: z.array(CheckResult),
  breakdown: z.array(BreakdownRow),
  errors: z.array(ErrorMessage).default([]).describe("warnings and errors of k6's log, the most frequent first"),
  failedRequests: z
    .array(FailedRequests)
    .default([])
    .describe('failed requests by status and error code, the most frequent first; exact'),
  sections: z
    .object({ groups: z.array(SectionResult), scenarios: z.array(SectionResult) })
    .nullable()
    .default(null)
    .describe(
      'metrics by scenario and group, with --summary-mode full; as in k6, groups of the scenario default are not in a scenario',
    ),
  series: z.object({ intervalSeconds: z.number(), points: z.array(SeriesPoint) }),
  tasks: z.array(TaskResult),
  target: TargetResult.nullable(),
  alarms: z.array(AlarmTransition).describe('changes of CloudWatch alarms after the start'),
});
export type Result = z.infer<typeof Result>;
