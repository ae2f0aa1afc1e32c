import type { TargetPlan, Threshold } from '../contract/plan.ts';
import type { TargetReading, TargetResult, TargetSample } from '../contract/result.ts';
import { COUNT_SERIES, isCountSeries } from '../contract/target-series.ts';
import { interpolate } from '../metrics/histogram.ts';
import { passes } from '../metrics/thresholds.ts';
import { coversLoad } from './cloudwatch-lag.ts';
import { seriesOf, type WeightedSeries, weighReadings, weighSamples } from './series.ts';

export interface TargetThresholdsInput {
  plan: TargetPlan;
  /** In order of time. */
  readings: readonly TargetReading[];
  samples: readonly TargetSample[];
  /** Unix ms: earlier values do not count. A sample covers the interval that begins at its time. */
  startAt: number;
  /** Unix ms. Not given: the load is still running. */
  loadEndedAt?: number;
  /** Unix ms: now, or the observation's end. */
  until: number;
  /** The time of the test as k6 counts it, ms: compared with delayAbortEval. */
  testDurationMs: number;
}

export interface TargetThresholdVerdict {
  series: string;
  /** As in the script. */
  source: string;
  ok: boolean;
  /** Null: the series has no value. */
  value: number | null;
  /** The run is to be aborted now. A series without values never aborts. */
  abort: boolean;
  /** One plain line, such as `cpu: max was 93.2, expected max<90`. */
  message: string;
}

/**
 * Judges the thresholds on the target's series, each as a trend of its values since the start: `avg`, `min`, `max`,
 * `med`, `p(N)` with k6's interpolation, `count`; and `value`, the latest. A series without values fails.
 */
export function judgeTargetThresholds(input: TargetThresholdsInput): TargetThresholdVerdict[] {
  const { plan, readings, samples, startAt, loadEndedAt = Number.POSITIVE_INFINITY, until, testDurationMs } = input;
  if (plan.thresholds === undefined) return [];
  const sampled = seriesOf(samples);
  return Object.entries(plan.thresholds).flatMap(([series, thresholds]) => {
    const weighted = isCountSeries(series)
      ? weighReadings(readings, series, startAt, until)
      : weighSamples((sampled[series] ?? []).filter(({ at }) => at <= until && coversLoad(at, startAt, loadEndedAt)));
    return thresholds.map((threshold) => {
      const { source } = threshold;
      const value = aggregate(weighted, threshold);
      if (value === null) {
        const message = `${series}: ${noValues(series, readings, sampled)}; expected ${source.trim()}`;
        return { series, source, ok: false, value, abort: false, message };
      }
      const ok = passes(value, threshold);
      const abort = !ok && threshold.abortOnFail && (threshold.delayAbortEvalMs ?? -1) < testDurationMs;
      return { series, source, ok, value, abort, message: messageOf(series, value, ok, threshold) };
    });
  });
}

function aggregate({ values, unit }: WeightedSeries, { aggregate: of, percentile }: Threshold): number | null {
  if (values.length === 0) return null;
  const total = values.reduce((sum, { weight }) => sum + weight, 0);
  switch (of) {
    case 'min':
      return rank(values, 0);
    case 'max':
      return rank(values, total - 1);
    case 'avg':
      return values.reduce((sum, { value, weight }) => sum + value * weight, 0) / total;
    case 'med':
      return rank(values, 0.5 * (total - 1));
    case 'p':
      return rank(values, ((percentile ?? 0) / 100) * (total - 1));
    case 'count':
      return Math.round(total / unit);
    case 'value':
      return values.at(-1)?.value ?? null;
    case 'rate':
      throw new Error('a series has no rate: `k6 x fleet plan` refuses such thresholds');
  }
}

/** The value at a rank, from 0, of all sorted values; interpolated between two ranks as k6's TrendSink.P does. */
function rank(values: WeightedSeries['values'], at: number): number {
  const sorted = [...values].sort((a, b) => a.value - b.value);
  const valueAt = (whole: number): number => {
    let before = 0;
    for (const { value, weight } of sorted) {
      before += weight;
      if (whole < before) return value;
    }
    return sorted.at(-1)?.value ?? 0;
  };
  const low = Math.floor(at);
  return interpolate(valueAt(low), valueAt(Math.ceil(at)), at - low);
}

function messageOf(series: string, value: number, ok: boolean, threshold: Threshold): string {
  const { aggregate: of, percentile, source } = threshold;
  // Rounded, unless the rounded number would contradict the verdict.
  const rounded = Number(value.toPrecision(4));
  const shown = passes(rounded, threshold) === ok ? rounded : value;
  return `${series}: ${of === 'p' ? `p(${percentile})` : of} was ${shown}, expected ${source.trim()}`;
}

function noValues(series: string, readings: readonly TargetReading[], sampled: TargetResult['series']): string {
  if (isCountSeries(series) || sampled[series] !== undefined) return 'no values since the start';
  const others = [...(readings.length > 0 ? COUNT_SERIES : []), ...Object.keys(sampled).sort()];
  return others.length === 0
    ? 'no values, as for every series of the target'
    : `no values; the target's series with values are ${others.join(', ')}`;
}
