import type { Threshold, ThresholdKey } from '../contract/plan.ts';
import type { MetricType, ValueType } from '../contract/window.ts';
import { type Accumulator, createAccumulator, Gauge } from './accumulators.ts';
import { isWhole } from './frontier.ts';
import type { Histogram } from './histogram.ts';
import { exactPercentile, type PivotCounts } from './key-samples.ts';
import type { RunMetrics } from './run-metrics.ts';
import { isSummed, SUMMED_METRICS, type SummedMetric } from './summed-gauge.ts';
import { type TestTimes, vuSamples } from './test-times.ts';

/** A metric or sub-metric of the whole run, as a k6 that took all samples would have it. */
export interface Metric {
  name: string;
  type: MetricType;
  contains: ValueType;
  /** Empty without samples. */
  values: Accumulator;
  hasSamples: boolean;
  pivots: PivotCounts[];
}

/** The metric or sub-metric that a threshold key names, at the end of the run. */
export function metricOfKey(metrics: RunMetrics, key: ThresholdKey, times: TestTimes): Metric {
  const own = metrics.keys.get(key.key)?.values ?? null;
  const isTotal = isWhole(key) || isSummedKey(metrics, key);
  return metricOf(metrics, key.key, key, isTotal ? wholeMetric(metrics, key.metric, times) : own);
}

/**
 * The same up to the frontier, while the run is under way.
 * @param times up to the frontier
 * @param isRunning whether a task's load has not ended
 */
export function metricAtFrontier(
  metrics: RunMetrics,
  key: ThresholdKey,
  times: TestTimes,
  isRunning: (task: number) => boolean,
): Metric {
  const { frontier } = metrics;
  if (isSummed(key.metric)) {
    const isTotal = isWhole(key) || isSummedKey(metrics, key);
    return metricOf(metrics, key.key, key, isTotal ? summedAtFrontier(metrics, key.metric, times, isRunning) : null);
  }
  const samples = frontier.samples(key.key);
  return { ...metricOf(metrics, key.key, key, samples?.values ?? null), pivots: [...(samples?.pivots.values() ?? [])] };
}

/** All samples of vus in a task have the same tags, so a sub-metric of it is the whole or empty. */
const isSummedKey = ({ keys }: RunMetrics, { metric, key }: ThresholdKey): boolean =>
  isSummed(metric) && (keys.get(key)?.values ?? null) !== null;

/**
 * The metrics that k6 lists in its summary: all with samples, all with thresholds, and the parents of those.
 * Sorted as k6 does: by name, sub-metrics after their parent (internal/js/summary-legacy.js).
 */
export function listMetrics(metrics: RunMetrics, keys: ThresholdKey[], times: TestTimes): Metric[] {
  const listed = new Map<string, Metric>();
  for (const [name, total] of metrics.totals) listed.set(name, metricOf(metrics, name, total, total.values));
  for (const name of SUMMED_METRICS) {
    const values = wholeMetric(metrics, name, times);
    if (values !== null) listed.set(name, metricOf(metrics, name, { type: 'gauge', contains: 'default' }, values));
  }
  // k6 creates http_req_duration{expected_response:true} itself.
  for (const [key, samples] of metrics.keys) {
    if (samples.values !== null) listed.set(key, metricOf(metrics, key, samples, samples.values));
  }
  for (const key of keys) {
    if (!listed.has(key.metric)) listed.set(key.metric, metricOf(metrics, key.metric, key, null));
    listed.set(key.key, metricOfKey(metrics, key, times));
  }
  return [...listed.values()].sort((a, b) => {
    const [parentA = '', parentB = ''] = [a.name.split('{', 1)[0], b.name.split('{', 1)[0]];
    return parentA.localeCompare(parentB, 'en') || a.name.localeCompare(b.name, 'en');
  });
}

/**
 * The value that a threshold compares; undefined if k6 has none and lets the threshold pass
 * (metrics/thresholds.go, Thresholds.Run).
 * @param testMs how long the test has run, ms
 */
export function aggregate(metric: Metric, threshold: Threshold, testMs: number): number | undefined {
  const { values, pivots } = metric;
  switch (values.type) {
    case 'counter':
      if (threshold.aggregate === 'count') return values.sum;
      return threshold.aggregate === 'rate' && testMs > 0 ? perSecond(values.sum, testMs) : undefined;
    case 'gauge':
      return threshold.aggregate === 'value' ? values.last : undefined;
    case 'rate':
      return threshold.aggregate === 'rate' && values.total > 0 ? values.passes / values.total : undefined;
    case 'trend':
      if (threshold.aggregate === 'p') return exactPercentile(values, pivots, (threshold.percentile ?? 0) / 100);
      return trendStat(values, pivots, threshold.aggregate);
  }
}

/**
 * The values that k6's summary has of a metric (internal/js/summary.go, metricValueGetter).
 * @param trendStats such as `avg` or `p(99.9)`
 */
export function summaryValues(metric: Metric, trendStats: readonly string[], testMs: number): Record<string, number> {
  const { values, pivots } = metric;
  switch (values.type) {
    case 'counter':
      return { count: values.sum, rate: testMs > 0 ? perSecond(values.sum, testMs) : 0 };
    case 'gauge':
      return { value: values.last, min: values.min, max: values.max };
    case 'rate': {
      const { passes, fails, total } = values;
      return { rate: total > 0 ? passes / total : 0, passes, fails };
    }
    case 'trend':
      return Object.fromEntries(trendStats.map((stat) => [stat, trendStat(values, pivots, stat) ?? Number.NaN]));
  }
}

/** A column of k6's summaryTrendStats, such as `avg` (metrics/sample.go); undefined if there is no such column. */
export function trendStat(trend: Histogram, pivots: PivotCounts[], stat: string): number | undefined {
  switch (stat) {
    case 'count':
      return trend.count;
    case 'avg':
      return trend.average;
    case 'min':
      return trend.count > 0 ? trend.min : 0;
    case 'max':
      return trend.count > 0 ? trend.max : 0;
    case 'med':
      return exactPercentile(trend, pivots, 0.5);
  }
  const percentile = /^p\((.+)\)$/.exec(stat)?.[1];
  return percentile === undefined ? undefined : exactPercentile(trend, pivots, Number(percentile) / 100);
}

/** Divides as k6 does: by whole nanoseconds. */
function perSecond(sum: number, testMs: number): number {
  return sum / (Math.round(testMs * 1e6) / 1e9);
}

function wholeMetric(metrics: RunMetrics, name: string, times: TestTimes): Accumulator | null {
  return isSummed(name) ? summedMetric(metrics, name, times) : (metrics.totals.get(name)?.values ?? null);
}

/** vus or vus_max of the whole run. A task that has ended has no VUs, but has initialised them. */
function summedMetric(metrics: RunMetrics, name: SummedMetric, times: TestTimes): Gauge | null {
  const { load, inSetup, inTeardown } = vuSamples(times, metrics.bounds.cellSeconds);
  const lastsIn = () => name === 'vus_max';
  const underLoad = load === null ? null : metrics.summed[name].summary({ ...load, lastsIn });
  // During setup() and teardown() no VU is active.
  const samplesOfZero = name === 'vus' ? inSetup + inTeardown : 0;
  if (underLoad === null) return samplesOfZero > 0 ? gaugeOf({ value: 0, min: 0, max: 0 }) : null;
  const { value, min, max } = underLoad;
  return gaugeOf({
    value: name === 'vus' && inTeardown > 0 ? 0 : value,
    min: samplesOfZero > 0 ? 0 : min,
    max,
  });
}

/** Its value alone, which is all that thresholds can name. What a task that still runs has not delivered is unchanged. */
function summedAtFrontier(
  metrics: RunMetrics,
  name: SummedMetric,
  times: TestTimes,
  isRunning: (task: number) => boolean,
): Gauge | null {
  const { load, inSetup, inTeardown } = vuSamples(times, metrics.bounds.cellSeconds);
  const isVus = name === 'vus';
  if (isVus && inTeardown > 0) return gaugeOf({ value: 0, min: 0, max: 0 });
  if (load === null) return isVus && inSetup > 0 ? gaugeOf({ value: 0, min: 0, max: 0 }) : null;
  // In the cell in which the load starts some tasks have a value and some do not yet.
  if (load.last * 1000 <= (times.startAtMs ?? 0)) return null;
  const value = metrics.summed[name].valueAt(load.last, { lastsIn: isVus ? isRunning : () => true });
  return value === null ? null : gaugeOf({ value, min: value, max: value });
}

function gaugeOf({ value, min, max }: { value: number; min: number; max: number }): Gauge {
  const gauge = new Gauge();
  gauge.add({ last: value, at: 0, min, max });
  return gauge;
}

function metricOf(
  metrics: RunMetrics,
  name: string,
  { type, contains }: { type: MetricType; contains: ValueType },
  values: Accumulator | null,
): Metric {
  return {
    name,
    type: values?.type ?? type,
    contains,
    values: values ?? createAccumulator(type),
    hasSamples: values !== null,
    pivots: [...(metrics.keys.get(name)?.pivots.values() ?? [])],
  };
}
