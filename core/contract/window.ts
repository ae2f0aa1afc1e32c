/**
 * What k6's fleet output writes and a worker ships; `k6/fleet/cell.go` is the Go side of this contract.
 *
 * Everything merges by addition, minimum, maximum or latest value, so windows can be added in any order.
 */

/** A float as JSON: k6's trends and gauges may have infinite values. */
export type Num = number | 'Inf' | '-Inf' | 'NaN';

/** -0 becomes 0, so that equal states have equal JSON. */
export function toNumber(n: Num): number {
  if (typeof n === 'number') return n + 0;
  if (n === 'Inf') return Number.POSITIVE_INFINITY;
  return n === '-Inf' ? Number.NEGATIVE_INFINITY : Number.NaN;
}

export function toNum(x: number): Num {
  if (Number.isFinite(x)) return x;
  if (Number.isNaN(x)) return 'NaN';
  return x > 0 ? 'Inf' : '-Inf';
}

export type MetricType = 'counter' | 'gauge' | 'rate' | 'trend';
export type ValueType = 'default' | 'time' | 'data';

export interface CounterValues {
  /** Sum of the samples' values. */
  sum: Num;
}

export interface GaugeValues {
  /** The value of the latest sample. */
  last: Num;
  /** When that sample was taken, Unix ms by the task's clock. */
  at: number;
  min: Num;
  max: Num;
}

export interface RateValues {
  /** Samples other than zero. */
  passes: number;
  /** All samples. */
  total: number;
}

/**
 * A base-2 exponential histogram as OpenTelemetry defines it, of the fixed scale `HISTOGRAM_SCALE`: bucket i counts the values v with 2^(i/2^scale) < v <= 2^((i+1)/2^scale).
 * https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram
 */
export interface TrendValues {
  count: number;
  sum: Num;
  min: Num;
  max: Num;
  /** Values of zero. Absent: 0. */
  zero?: number;
  /** Positive finite values: [bucket, count, bucket, count, …] with buckets in ascending order. */
  pos?: number[];
  /** Negative finite values, by bucket of their absolute value, in the same form. */
  neg?: number[];
  /** Values of +Infinity. Absent: 0. */
  posInf?: number;
  /** Values of -Infinity. Absent: 0. */
  negInf?: number;
}

export type Values = CounterValues | GaugeValues | RateValues | TrendValues;

/** A bucket of scale 7 is 2^(1/128) - 1 = 0.54 % wide. */
export const HISTOGRAM_SCALE = 7;

/** The tag of the series that counts everything past a metric's cap on series. */
export const OVERFLOW_TAG = 'overflow';

export interface Series {
  /** The tags that the fleet output keeps for this metric (see `k6/fleet/series.go`). Absent: none. */
  tags?: Record<string, string>;
  values: Values;
}

export interface MetricCell {
  name: string;
  type: MetricType;
  contains: ValueType;
  /** The metric by its kept tags; the parts add up to the whole. */
  series: Series[];
}

/**
 * Exact counts of a threshold key's samples around the value V that a `p(x)` or `med` is compared with. They decide the
 * comparison exactly as sorting all pooled samples would.
 */
export interface Pivot {
  v: Num;
  /** Samples below V, including -Infinity. */
  below: number;
  equal: number;
  /** The greatest sample below V. Absent if there is none. */
  maxBelow?: Num;
  /** The smallest sample above V. Absent if there is none. */
  minAbove?: Num;
}

/**
 * The samples that a threshold key such as `http_req_duration{status:200}` selected by all their tags, not only the kept
 * ones. As in k6, `http_req_duration{expected_response:true}` is always a key, with or without thresholds.
 */
export interface KeyCell {
  key: string;
  type: MetricType;
  contains: ValueType;
  /** Absent if the key names a whole metric: its values are the sum of the metric's series. */
  values?: Values;
  pivots?: Pivot[];
}

/** The metrics of one k6 process in one aligned interval. An interval may come in several parts, which add up. */
export interface Cell {
  /** Start of the interval, Unix seconds by the task's clock; a multiple of the cell width. */
  t: number;
  metrics?: MetricCell[];
  keys?: KeyCell[];
  /** Paths of groups that this process saw for the first time, in that order. */
  groups?: string[];
}

/** One line on the pipe from k6 to its worker: everything measured since the previous line. At least one a second. */
export interface CellLine {
  v: 1;
  /** Wall time since the previous line, seconds. */
  wall: number;
  cells: Cell[];
  /** Metrics that have exceeded their cap on series so far. */
  overflow?: string[];
  /** The last line: k6 ended in the interval of its last cell, which may hold only a part of that interval. Absent: false. */
  end?: boolean;
  /** The warnings and errors of k6's log while its test ran, by message; exact. */
  log?: LogMessage[];
  /** The first lines of each second that the script wrote by `console.log` or the like, in order. */
  console?: ConsoleLine[];
  /** How many lines of the script's console were held back. Absent: 0. */
  consoleHeld?: number;
  /** Requests that failed, by status and error code; exact. They add up to the passes of `http_req_failed`. */
  failedRequests?: FailedRequests[];
}

/** Warning: such as a failed request. Error: such as an exception in an iteration. */
export type LogLevel = 'warning' | 'error';

/**
 * `exception`: thrown in an iteration. `request`: k6's warning about a request that failed without a response. `console`:
 * `console.warn` and `console.error` of the script. `k6`: all others.
 */
export type LogSource = 'exception' | 'request' | 'console' | 'k6';

/** The message under which the messages past the limit are counted, by level and source. */
export const OTHER_MESSAGES = '(other)';

/** The entries of k6's log with one message, since the previous line. */
export interface LogMessage {
  /** URLs, numbers, addresses and identifiers are replaced by `<url>`, `<n>` and `<id>`. At most 1 KB. */
  message: string;
  level: LogLevel;
  source: LogSource;
  /** Absent: k6 does not say. */
  scenario?: string;
  /** Where in the script an exception was thrown, such as `file:///test.js:7:3`. Absent: not known. */
  place?: string;
  count: number;
  /** Unix ms by the task's clock. */
  firstAt: number;
  lastAt: number;
  /** The first entry of this process with this message. Absent: it has been sent before. */
  example?: LogExample;
}

/** An entry as it was logged. */
export interface LogExample {
  /** Unix ms by the task's clock. */
  at: number;
  /** At most 1 KB. */
  message: string;
  /** Of an exception; at most 4 KB. */
  stack?: string;
}

export interface ConsoleLine {
  /** Unix ms by the task's clock. */
  t: number;
  /** As k6 names it: `info`, `warning`, `error`, `debug`. */
  level: string;
  /** At most 2 KB. */
  message: string;
}

/** The status of what is past the limit. */
export const OTHER_STATUS = '(other)';

export interface FailedRequests {
  /** The tag `status`: 0 without a response; empty if the tag is absent. */
  status: string;
  /** The tag `error_code`; empty if it is absent. */
  errorCode: string;
  count: number;
}

/** Which k6 process of a worker measured a window. `vus` and `vus_max` count for the load only. */
export type WindowJob = 'load' | 'setup' | 'teardown';

/** A batch of cells, shipped as one file. The sequence numbers of an attempt start at 0 and have no gaps. */
export interface Window {
  v: 1;
  task: number;
  attempt: number;
  seq: number;
  job: WindowJob;
  /** How much of the CPU available to the task was in use during this window, 0 to 1. */
  busy: number;
  /** The part of `busy` that the task's own processes used; absent: not known on this system. */
  own?: number;
  lines: CellLine[];
}
