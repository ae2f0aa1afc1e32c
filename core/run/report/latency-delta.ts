/** What a histogram gained within an interval, in so few values that CloudWatch takes them as one datum. */
import { bucketMiddle } from '../../metrics/buckets.ts';
import type { Histogram } from '../../metrics/histogram.ts';

/**
 * CloudWatch takes at most so many different values in one datum.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html
 * @internal exported for its test
 */
export const MAX_VALUES = 150;

/** Counts by bucket. Durations are neither negative nor infinite, so the other parts of a histogram are empty. */
export interface BucketCounts {
  zero: number;
  /** By bucket number, as in core/metrics/buckets.ts. */
  positive: ReadonlyMap<number, number>;
}

/** Values in ascending order, each with its count. */
export interface Distribution {
  values: number[];
  counts: number[];
}

export function bucketCounts(histogram: Histogram): BucketCounts {
  const { zero = 0, pos = [] } = histogram.toValues();
  const positive = new Map<number, number>();
  for (let i = 0; i < pos.length; i += 2) positive.set(pos[i] as number, pos[i + 1] as number);
  return { zero, positive };
}

/**
 * The samples added between two states of a histogram. None is lost, and their mean is accurate to half the width of a
 * bucket. If there are more than `MAX_VALUES` buckets, every k neighbours become one value, their mean, which is
 * off by less than 2^(k/128) - 1: latencies from 1 ms to 10 s have 1,700 buckets, so k = 12, less than 6.8 %.
 * @param min, max of all that the histogram holds: no value lies outside
 */
export function addedBetween(
  before: BucketCounts,
  now: BucketCounts,
  { min, max }: { min: number; max: number },
): Distribution {
  const zero = now.zero - before.zero;
  const added = [...now.positive]
    .map(([bucket, count]): [number, number] => [bucket, count - (before.positive.get(bucket) ?? 0)])
    .filter(([, count]) => count > 0)
    .sort(([a], [b]) => a - b);
  const room = MAX_VALUES - Number(zero > 0);
  let width = Math.max(1, Math.ceil(added.length / room));
  while (groupsOf(added, width) > room) width += 1;

  const distribution: Distribution = zero > 0 ? { values: [0], counts: [zero] } : { values: [], counts: [] };
  let group = Number.NaN;
  for (const [bucket, count] of added) {
    const value = Math.min(max, Math.max(min, bucketMiddle(bucket)));
    if (Math.floor(bucket / width) === group) addToLast(distribution, value, count);
    else {
      distribution.values.push(value);
      distribution.counts.push(count);
    }
    group = Math.floor(bucket / width);
  }
  return distribution;
}

/** How many values are left if every `width` neighbours become one. */
const groupsOf = (added: [bucket: number, count: number][], width: number): number =>
  new Set(added.map(([bucket]) => Math.floor(bucket / width))).size;

function addToLast({ values, counts }: Distribution, value: number, count: number): void {
  const last = values.length - 1;
  const total = (counts[last] as number) + count;
  const mean = values[last] as number;
  values[last] = mean + (value - mean) * (count / total);
  counts[last] = total;
}
