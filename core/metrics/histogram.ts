import { type TrendValues, toNum, toNumber } from '../contract/window.ts';
import { Buckets, bucketMiddle } from './buckets.ts';

/** Interpolates between two samples in k6's own float arithmetic, in which Inf - Inf is NaN. @param f 0 to 1 */
export function interpolate(j: number, k: number, f: number): number {
  return j + (k - j) * f;
}

/** A trend: exact count, sum, min and max, and an exponential histogram. Merging is addition. */
export class Histogram {
  readonly type = 'trend';
  count = 0;
  sum = 0;
  /** +Infinity, and max -Infinity, without values: the neutral elements of merging. */
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  posInf = 0;
  negInf = 0;
  private zero = 0;
  private readonly pos = new Buckets();
  private readonly neg = new Buckets();

  add(values: TrendValues): void {
    this.count += values.count;
    this.sum += toNumber(values.sum);
    this.min = Math.min(this.min, toNumber(values.min));
    this.max = Math.max(this.max, toNumber(values.max));
    this.zero += values.zero ?? 0;
    this.posInf += values.posInf ?? 0;
    this.negInf += values.negInf ?? 0;
    if (values.pos !== undefined) this.pos.addPairs(values.pos);
    if (values.neg !== undefined) this.neg.addPairs(values.neg);
  }

  merge(other: Histogram): void {
    this.count += other.count;
    this.sum += other.sum;
    this.min = Math.min(this.min, other.min);
    this.max = Math.max(this.max, other.max);
    this.zero += other.zero;
    this.posInf += other.posInf;
    this.negInf += other.negInf;
    this.pos.merge(other.pos);
    this.neg.merge(other.neg);
  }

  toValues(): TrendValues {
    const values: TrendValues = {
      count: this.count,
      sum: toNum(this.sum),
      min: toNum(this.min),
      max: toNum(this.max),
    };
    if (this.zero > 0) values.zero = this.zero;
    if (this.pos.total > 0) values.pos = this.pos.toPairs();
    if (this.neg.total > 0) values.neg = this.neg.toPairs();
    if (this.posInf > 0) values.posInf = this.posInf;
    if (this.negInf > 0) values.negInf = this.negInf;
    return values;
  }

  /** 0 without values, as in k6. */
  get average(): number {
    return this.count > 0 ? this.sum / this.count : 0;
  }

  /**
   * The value at `fraction` (0 to 1) of the values in ascending order, by k6's rule (metrics/sink.go, TrendSink.P):
   * linear between the two nearest ranks. The value of a rank is off by half a bucket at most; the lowest and the
   * highest are exact. 0 without values; NaN between infinities, as in k6.
   */
  percentile(fraction: number): number {
    if (this.count === 0) return 0;
    if (this.count === 1) return this.min;
    const i = fraction * (this.count - 1);
    const low = Math.floor(i);
    return interpolate(this.valueAt(low), this.valueAt(Math.ceil(i)), i - low);
  }

  /** An estimate of the value with this rank, 0 to count - 1. */
  private valueAt(rank: number): number {
    if (rank <= 0) return this.min;
    if (rank >= this.count - 1) return this.max;
    let left = rank - this.negInf;
    if (left < 0) return Number.NEGATIVE_INFINITY;
    // Negative numbers rank by descending absolute value.
    if (left < this.neg.total) return this.clamp(-bucketMiddle(this.neg.bucketAt(this.neg.total - 1 - left)));
    left -= this.neg.total;
    if (left < this.zero) return 0;
    left -= this.zero;
    if (left < this.pos.total) return this.clamp(bucketMiddle(this.pos.bucketAt(left)));
    return Number.POSITIVE_INFINITY;
  }

  private clamp(value: number): number {
    return Math.min(this.max, Math.max(this.min, value));
  }
}
