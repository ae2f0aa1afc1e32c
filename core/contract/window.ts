/**
 * What k6's fleet output measures and a worker ships. The Go side of this contract is `k6/fleet/cell.go`.
 *
 * Everything here merges by addition (or min, max, latest), so windows can be merged in any order and grouping.
 */

/** A float that JSON can carry: k6 trends and gauges may hold infinities. */
export type Num = number | 'Inf' | '-Inf' | 'NaN';

/** A number from JSON. -0 becomes 0, so that equal states print equal. */
export function toNumber(n: Num): number {
  if (typeof n === 'number') return n + 0;
  if (n === 'Inf') return Number.POSITIVE_INFINITY;
  return n === '-Inf' ? Number.NEGATIVE_INFINITY : Number.NaN;
}

/** The number as JSON can carry it. */
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
  /** When that sample was taken: Unix time in ms, by the task's clock. */
  at: number;
  min: Num;
  max: Num;
}

export interface RateValues {
  /** Samples that were not zero. */
  passes: number;
  /** All samples. */
  total: number;
}

/**
 * A base-2 exponential histogram as OpenTelemetry defines it, at the fixed `HISTOGRAM_SCALE`:
 * bucket i counts the values v with 2^(i/2^scale) < v <= 2^((i+1)/2^scale).
 * https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram
 */
export interface TrendValues {
  count: number;
  sum: Num;
  min: Num;
  max: Num;
  /** Values that are exactly zero. Absent: 0. */
  zero?: number;
  /** Positive finite values: [bucket, count, bucket, count, …] with buckets in ascending order. */
  pos?: number[];
  /** Negative finite values, by bucket of their absolute value, in the same form. */
  neg?: number[];
  /** How many values are +Infinity. Absent: 0. */
  posInf?: number;
  /** How many values are -Infinity. Absent: 0. */
  negInf?: number;
}

export type Values = CounterValues | GaugeValues | RateValues | TrendValues;

/** A bucket of scale 7 is 2^(1/128) - 1 = 0.54 % wide. */
export const HISTOGRAM_SCALE = 7;

/** The tag that marks the series into which all series past the cap of a metric went. */
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
  /** The parts of this metric by kept tags; they add up to the whole metric. */
  series: Series[];
}

/**
 * Exact facts about the samples of one threshold key around one value V that a `p(x)` or `med` is compared with.
 * They decide the comparison exactly as sorting all the pooled samples would.
 */
export interface Pivot {
  /** V, as the threshold states it. */
  v: Num;
  /** How many samples are below V. -Infinity counts where V is greater. */
  below: number;
  /** How many samples equal V. */
  equal: number;
  /** The greatest sample below V. Absent: there is none. */
  maxBelow?: Num;
  /** The smallest sample above V. Absent: there is none. */
  minAbove?: Num;
}

/**
 * What a threshold key, such as `http_req_duration{status:200}`, selected; matched on all of a sample's tags.
 * `http_req_duration{expected_response:true}` always comes, as in k6, whether or not a threshold names it.
 */
export interface KeyCell {
  key: string;
  type: MetricType;
  contains: ValueType;
  /** The values of a sub-metric. Absent where the key names the whole metric, whose values its series add up to. */
  values?: Values;
  pivots?: Pivot[];
}

/** The metrics of one k6 process over one aligned stretch of time. A stretch may come in several parts: they add up. */
export interface Cell {
  /** Start of the stretch, Unix time in seconds, by the task's clock; a multiple of the cell width. */
  t: number;
  metrics?: MetricCell[];
  keys?: KeyCell[];
  /** Paths of groups that this process has not seen before, in the order in which it saw them. */
  groups?: string[];
}

/** One line on the pipe from k6 to its worker: all that was measured since the line before. At least one a second. */
export interface CellLine {
  v: 1;
  /** CPU seconds (user and system) that the k6 process used since the line before. */
  cpu: number;
  /** Wall seconds since the line before. */
  wall: number;
  cells: Cell[];
  /** Metrics that have passed their cap on series so far. */
  overflow?: string[];
}

/** Which k6 process of a worker measured a window. `vus` and `vus_max` of the other two do not count. */
export type WindowJob = 'load' | 'setup' | 'teardown';

/** One shipped file. Sequence numbers of an attempt start at 0 and have no gaps. */
export interface Window {
  v: 1;
  task: number;
  attempt: number;
  seq: number;
  job: WindowJob;
  /** The share of the CPU it may use that was in use while this window was measured, 0 to 1. */
  busy: number;
  lines: CellLine[];
}
