import { HISTOGRAM_SCALE } from '../contract/window.ts';

const PER_OCTAVE = 2 ** HISTOGRAM_SCALE;

/** Spare buckets on the side that grows: half an octave, so that a drifting latency does not cause a copy each time. */
const SLACK = PER_OCTAVE / 2;

/**
 * The bucket of a positive finite value v: the i with 2^(i/2^scale) < v <= 2^((i+1)/2^scale), up to rounding.
 * @internal exported for its test
 */
export function bucketOf(v: number): number {
  return Math.ceil(Math.log2(v) * PER_OCTAVE) - 1;
}

/** The middle of a bucket: at most half its width from any value in it. */
export function bucketMiddle(bucket: number): number {
  const lower = 2 ** (bucket / PER_OCTAVE);
  const upper = Math.min(2 ** ((bucket + 1) / PER_OCTAVE), Number.MAX_VALUE);
  return Math.max(lower + (upper - lower) / 2, Number.MIN_VALUE);
}

/**
 * Counts by bucket: a dense array with an offset, because merging spends its time on adding arrays. All doubles span
 * 2^18 buckets (2 MiB); latencies between 1 ms and 10 s span 1,700 (14 KiB).
 */
export class Buckets {
  total = 0;
  private counts = new Float64Array(0);
  private offset = 0;

  /** Adds `[bucket, count, bucket, count, …]`, buckets in ascending order. */
  addPairs(pairs: readonly number[]): void {
    const first = pairs[0];
    const last = pairs[pairs.length - 2];
    if (first === undefined || last === undefined) return;
    this.reserve(first, last);
    const { counts, offset } = this;
    for (let i = 0; i < pairs.length; i += 2) {
      const count = pairs[i + 1] as number;
      counts[(pairs[i] as number) - offset] = (counts[(pairs[i] as number) - offset] as number) + count;
      this.total += count;
    }
  }

  merge(other: Buckets): void {
    if (other.total === 0) return;
    this.reserve(other.offset, other.offset + other.counts.length - 1);
    const shift = other.offset - this.offset;
    for (let i = 0; i < other.counts.length; i++) {
      this.counts[i + shift] = (this.counts[i + shift] as number) + (other.counts[i] as number);
    }
    this.total += other.total;
  }

  toPairs(): number[] {
    const pairs: number[] = [];
    for (let i = 0; i < this.counts.length; i++) {
      const count = this.counts[i] as number;
      if (count > 0) pairs.push(i + this.offset, count);
    }
    return pairs;
  }

  /** The bucket of the value with this rank, 0 to total - 1, values in ascending order. */
  bucketAt(rank: number): number {
    let left = rank;
    let i = 0;
    for (; i < this.counts.length - 1; i++) {
      left -= this.counts[i] as number;
      if (left < 0) break;
    }
    return i + this.offset;
  }

  private reserve(first: number, last: number): void {
    const { counts, offset } = this;
    const end = offset + counts.length - 1;
    if (counts.length > 0 && first >= offset && last <= end) return;
    if (counts.length === 0) {
      this.offset = first;
      this.counts = new Float64Array(last - first + 1);
      return;
    }
    const from = first < offset ? first - SLACK : offset;
    const to = last > end ? last + SLACK : end;
    this.offset = from;
    this.counts = new Float64Array(to - from + 1);
    this.counts.set(counts, offset - from);
  }
}
