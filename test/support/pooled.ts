import type { Threshold, ThresholdKey } from '../../core/contract/plan.ts';
import { type MetricType, toNum, toNumber } from '../../core/contract/window.ts';

/** k6's own percentile (metrics/sink.go, TrendSink.P): sort all samples, interpolate between the nearest ranks. */
export function pooledPercentile(values: number[], fraction: number): number {
  if (values.length === 0) return 0;
  if (values.length === 1) return values[0] as number;
  const sorted = values.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const i = fraction * (sorted.length - 1);
  const j = sorted[Math.floor(i)] as number;
  const k = sorted[Math.ceil(i)] as number;
  return j + (k - j) * (i - Math.floor(i));
}

/** Whether a threshold on a trend passes for all samples pooled. */
export function pooledVerdict(values: number[], { aggregate, percentile = 0, operator, value }: Threshold): boolean {
  const fraction = aggregate === 'med' ? 0.5 : percentile / 100;
  const actual = pooledPercentile(values, fraction);
  const limit = toNumber(value);
  const verdicts = {
    '<': actual < limit,
    '<=': actual <= limit,
    '>': actual > limit,
    '>=': actual >= limit,
    '==': actual === limit,
    '===': actual === limit,
    '!=': actual !== limit,
  };
  return verdicts[operator];
}

export function threshold(
  aggregate: Threshold['aggregate'],
  operator: Threshold['operator'],
  value: number,
  more: Partial<Threshold> = {},
): Threshold {
  const name = aggregate === 'p' ? `p(${more.percentile})` : aggregate;
  const source = `${name}${operator}${value}`;
  return { source, aggregate, operator, value: toNum(value), abortOnFail: false, delayAbortEvalMs: null, ...more };
}

/** @param key such as `my_trend` or `my_trend{name:a}` */
export function thresholdKey(key: string, type: MetricType, thresholds: Threshold[]): ThresholdKey {
  const [metric = '', selector] = key.replace('}', '').split('{');
  const tags = selector === undefined ? null : Object.fromEntries(selector.split(',').map((tag) => tag.split(':')));
  return { key, metric, type, contains: 'default', tags, thresholds };
}
