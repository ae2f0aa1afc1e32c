import { z } from 'zod';

/** A threshold as parsed by k6's own rules in `k6 x fleet plan`; TypeScript never parses one. */
export const Threshold = z.object({
  /** The expression as the script wrote it, such as `p(95)<500`. */
  source: z.string(),
  aggregate: z.enum(['value', 'count', 'rate', 'avg', 'min', 'med', 'max', 'p']),
  /** 0 to 100, where the aggregate is `p`. */
  percentile: z.number().optional(),
  operator: z.enum(['<', '<=', '>', '>=', '==', '===', '!=']),
  value: z.union([z.number(), z.enum(['Inf', '-Inf', 'NaN'])]),
  abortOnFail: z.boolean(),
  /** Null: abort at once. */
  delayAbortEvalMs: z.number().nullable(),
});
export type Threshold = z.infer<typeof Threshold>;

/** All thresholds on one metric or sub-metric. */
export const ThresholdKey = z.object({
  /** As in the script, such as `http_req_duration{status:200}`. */
  key: z.string(),
  metric: z.string(),
  type: z.enum(['counter', 'gauge', 'rate', 'trend']),
  contains: z.enum(['default', 'time', 'data']),
  /** The selecting tags; null: the whole metric. */
  tags: z.record(z.string(), z.string()).nullable(),
  thresholds: z.array(Threshold),
});
export type ThresholdKey = z.infer<typeof ThresholdKey>;

/** The value of `observe` that names the target of the stack's own configuration. */
export const OBSERVE_STACK = 'stack';

/** What the script, by `options.ext.fleet.target`, or the command line expects of the target's scaling. Durations in ms. */
export const TargetPlan = z.object({
  /** Source of its scaling: `demo:http://127.0.0.1:8080`, or `stack`: the target in the stack's configuration. Null: none. */
  observe: z.string().nullable(),
  /** The running count must rise within this time after the load increases. */
  scaleOutWithinMs: z.number().positive().optional(),
  /** The least number of running tasks at the target's peak. */
  minPeakTasks: z.number().int().positive().optional(),
  /** Failed requests over all requests, 0 to 1, over the whole run. */
  maxErrorRate: z.number().min(0).max(1).optional(),
  /** p95 must return below `p95Ms` within `withinMs` after the load increases. */
  recoverWithin: z.object({ p95Ms: z.number().positive(), withinMs: z.number().positive() }).optional(),
  /** On the target's own series, by name, such as `cpu`; in k6's grammar, judged over the values since the start. */
  thresholds: z.record(z.string(), z.array(Threshold)).optional(),
});
export type TargetPlan = z.infer<typeof TargetPlan>;

export const Timing = z.object({
  /** How often workers read control.json, ms. */
  controlPollIntervalMs: z.number().positive(),
  /** How often the coordinator ticks, ms. */
  tickMs: z.number().positive(),
  /** How often a worker ships a window, ms. */
  windowMs: z.number().positive(),
  /** Width of a cell, whole seconds. */
  cellSeconds: z.number().int().positive(),
  /** Workers stop by themselves if the coordinator has not renewed its lease for this time, ms. */
  leaseMs: z.number().positive(),
  /** How often the lease is renewed, ms. */
  renewMs: z.number().positive(),
  /** How long a task may take from launch to ready, ms. */
  readyTimeoutMs: z.number().positive(),
  /** How often the checkpoint is written, ms. */
  checkpointMs: z.number().positive(),
  /** How often the coordinator polls one task for its status and windows, ms; at least a tick. */
  taskPollIntervalMs: z.number().positive(),
  /** How often the target is read, ms. */
  targetPollIntervalMs: z.number().positive(),
  /** Maximum launches per second; also the maximum burst at the start. */
  launchesPerSecond: z.number().positive(),
});
export type Timing = z.infer<typeof Timing>;

/** A subnet in which tasks are launched on Fargate. Attempts at a task rotate through the subnets. */
export const FargateSubnet = z.object({
  id: z.string(),
  zone: z.string(),
  /** Its routes need tasks to have a public IP address. */
  publicIp: z.boolean(),
});
export type FargateSubnet = z.infer<typeof FargateSubnet>;

export const TaskPlan = z.object({
  /** k6's --execution-segment, such as `1/4:2/4`. */
  segment: z.string(),
  /** VUs that k6 initialises before the start. */
  vus: z.number().int().nonnegative(),
  /** Maximum number of VUs. */
  maxVUs: z.number().int().nonnegative(),
  /** Number of iterations, if the scenarios fix it; null: they do not. */
  iterations: z.number().int().nonnegative().nullable(),
  /** This task's share of the script's `rps`; null: no limit. */
  rps: z.number().int().positive().nullable(),
});
export type TaskPlan = z.infer<typeof TaskPlan>;

export const ScenarioPlan = z.object({
  name: z.string(),
  /** Such as `shared-iterations`. */
  executor: z.string(),
  /** When it starts, after the start of the load, ms. */
  startMs: z.number().nonnegative(),
  /** The longest time, from its own start, for which new iterations start, ms. */
  durationMs: z.number().nonnegative(),
  /** Iterations of all tasks; null: it runs for its duration. */
  iterations: z.number().int().nonnegative().nullable(),
});
export type ScenarioPlan = z.infer<typeof ScenarioPlan>;

/** k6's --summary-mode. */
export const SummaryMode = z.enum(['compact', 'full']);
export type SummaryMode = z.infer<typeof SummaryMode>;

/** plan.json: what to do. Immutable once written; holds names of environment variables, never their values. */
export const Plan = z.object({
  version: z.literal(1),
  id: z.string(),
  name: z.string(),
  /** The script as the user named it. */
  script: z.string(),
  /** ISO 8601. */
  createdAt: z.string(),
  k6Version: z.string(),
  /** k6's --execution-segment-sequence for all tasks. */
  sequence: z.string(),
  tasks: z.array(TaskPlan).min(1),
  /** In the order in which k6 shows them: by start, then by name. */
  scenarios: z.array(ScenarioPlan),
  /** Maximum duration of the scenarios, graceful stops included, ms. */
  durationMs: z.number().nonnegative(),
  /** Maximum duration in which iterations start: without graceful stops, ms. */
  loadMs: z.number().nonnegative(),
  thresholds: z.array(ThresholdKey),
  exports: z.object({ setup: z.boolean(), teardown: z.boolean(), handleSummary: z.boolean() }),
  summary: z.object({
    trendStats: z.array(z.string()),
    /** k6's summaryTimeUnit: `s`, `ms`, `us` or empty. */
    timeUnit: z.string(),
    /** `full` also measures every metric by scenario and group. */
    mode: SummaryMode,
  }),
  setupTimeoutMs: z.number().nonnegative(),
  teardownTimeoutMs: z.number().nonnegative(),
  handleSummaryTimeoutMs: z.number().nonnegative(),
  target: TargetPlan.nullable(),
  /** How many tasks may be lost after the start without failing the run. */
  maxLost: z.number().int().nonnegative(),
  timing: Timing,
  envNames: z.array(z.string()),
  /** The script's own blacklistIPs, as CIDR: k6's flag replaces them, so ours repeats them. */
  blacklistIPs: z.array(z.string()),
  /** Null: not on Fargate. */
  fargate: z.object({ subnets: z.array(FargateSubnet).min(1) }).nullable(),
  /** Tasks collect what the script prints, for `--console-output`. */
  consoleOutput: z.boolean().default(false),
  /** What k6 warned of while it read the script; the CLI has shown it. */
  k6Warnings: z.array(z.string()).default([]),
  warnings: z.array(z.string()),
});
export type Plan = z.infer<typeof Plan>;
