import type { Threshold, ThresholdKey } from '../contract/plan.ts';
import type { MetricType, ValueType } from '../contract/window.ts';
import { type Accumulator, createAccumulator, Gauge } from './accumulators.ts';
import type { Histogram } from './histogram.ts';
import { exactPercentile, type PivotCounts } from './key-samples.ts';
import type { RunMetrics } from './run-metrics.ts';
import { isSummed, SUMMED_METRICS } from './summed-gauge.ts';

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

/** The metric or sub-metric that a threshold key names. */
export function metricOfKey(metrics: RunMetrics, key: ThresholdKey): Metric {
  const whole = key.tags === null || Object.keys(key.tags).length === 0;
  const own = metrics.keys.get(key.key)?.values ?? null;
  // All samples of vus in a task have the same tags, so a sub-metric of it is the whole or empty.
  const summed = isSummed(key.metric) && own !== null;
  return metricOf(metrics, key.key, key, whole || summed ? wholeMetric(metrics, key.metric) : own);
}

/**
 * The metrics that k6 lists in its summary: all with samples, all with thresholds, and the parents of those.
 * Sorted as k6 does: by name, sub-metrics after their parent (internal/js/summary-legacy.js).
 */
export function listMetrics(metrics: RunMetrics, keys: ThresholdKey[]): Metric[] {
  const listed = new Map<string, Metric>();
  for (const [name, total] of metrics.totals) listed.set(name, metricOf(metrics, name, total, total.values));
  for (const name of SUMMED_METRICS) {
    const values = wholeMetric(metrics, name);
    if (values !== null) listed.set(name, metricOf(metrics, name, { type: 'gauge', contains: 'default' }, values));
  }
  // k6 creates http_req_duration{expected_response:true} itself.
  for (const [key, samples] of metrics.keys) {
    if (samples.values !== null) listed.set(key, metricOf(metrics, key, samples, samples.values));
  }
  for (const key of keys) {
    if (!listed.has(key.metric)) listed.set(key.metric, metricOf(metrics, key.metric, key, null));
    listed.set(key.key, metricOfKey(metrics, key));
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

function wholeMetric(metrics: RunMetrics, name: string): Accumulator | null {
  if (!isSummed(name)) return metrics.totals.get(name)?.values ?? null;
  const summary = metrics.summed[name].summary();
  if (summary === null) return null;
  const gauge = new Gauge();
  gauge.add({ last: summary.value, at: 0, min: summary.min, max: summary.max });
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
