/** A standard metric of CloudWatch has one value a minute, aggregated from all that arrive in it. */
export const PUBLISH_INTERVAL_MS = 10_000;

/** The metrics of a run over one interval: a fixed set, however many tasks there are. */
export interface IntervalMetrics {
  /** Unix ms of the interval's end. */
  at: number;
  /** Nothing follows: every figure is 0. */
  last: boolean;
  vus: number;
  /** Requests that were merged in this interval. */
  requests: number;
  /** Of these, the failed ones. */
  failures: number;
  /** http_req_duration of these, ms: values, each with how often it was seen; at most 150 of them. */
  latency: { values: number[]; counts: number[] };
  /** Null: the target is not observed. */
  target: { desired: number; running: number; pending: number } | null;
  /** From the load's rise to the running count's, s; null: it has not happened yet. */
  scalingLagSeconds: number | null;
  tasksLost: number;
  conditions: Record<Condition, boolean>;
}

/** What the stack's alarms are on: each is a metric of 0 or 1. */
export const CONDITIONS = [
  'notScaledOut',
  'atMaximum',
  'errorsWhileScaling',
  'notRecovered',
  'generatorSaturated',
] as const;
export type Condition = (typeof CONDITIONS)[number];
