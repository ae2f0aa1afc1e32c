import type { TargetReading, TargetResult, TargetSample } from '../contract/result.ts';
import type { CountSeries } from '../contract/target-series.ts';

/** Each series in order of time. If two samples have the same time, the later one in the list counts. */
export function seriesOf(samples: readonly TargetSample[]): TargetResult['series'] {
  const byName = new Map<string, Map<number, number>>();
  for (const { series, at, value } of samples) {
    const values = byName.get(series) ?? new Map<number, number>();
    byName.set(series, values.set(at, value));
  }
  return Object.fromEntries(
    [...byName].map(([name, values]) => [
      name,
      [...values].map(([at, value]) => ({ at, value })).sort((a, b) => a.at - b.at),
    ]),
  );
}

/** Values, each with its weight: a whole number of at least 1. */
export interface WeightedSeries {
  /** In order of time. */
  values: { value: number; weight: number }[];
  /** The weight that adds 1 to the aggregate `count`. */
  unit: number;
}

/** Samples weigh the same. */
export const weighSamples = (points: TargetResult['series'][string]): WeightedSeries => ({
  values: points.map(({ value }) => ({ value, weight: 1 })),
  unit: 1,
});

/**
 * Task counts from `since` to `until`, Unix ms. Of equal readings in a row a run keeps only the first and the last, so each
 * holds until the next one and weighs its ms; `count` is in seconds.
 * @param readings in order of time
 */
export function weighReadings(
  readings: readonly TargetReading[],
  name: CountSeries,
  since: number,
  until: number,
): WeightedSeries {
  const values: WeightedSeries['values'] = [];
  for (const [index, reading] of readings.entries()) {
    if (reading.at > until || since > until) break;
    const next = readings[index + 1]?.at ?? reading.at;
    if (reading.at < since && next <= since) continue;
    const value = reading[name];
    const ms = Math.min(next, until) - Math.max(reading.at, since);
    if (ms === 0 && values.at(-1)?.value === value) continue;
    values.push({ value, weight: Math.max(1, Math.round(ms)) });
  }
  return { values, unit: 1000 };
}
