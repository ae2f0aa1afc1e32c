import type { Pivot } from '../contract/window.ts';
import { type Histogram, interpolate } from './histogram.ts';
import { toNum, toNumber } from './num.ts';

/** Exact facts about all samples around one value V, merged from every task. */
export class PivotCounts {
  below = 0;
  equal = 0;
  /** The greatest sample below V; -Infinity: there is none, or it is that. */
  maxBelow = Number.NEGATIVE_INFINITY;
  /** The smallest sample above V; +Infinity: there is none, or it is that. */
  minAbove = Number.POSITIVE_INFINITY;

  constructor(readonly v: number) {}

  add(pivot: Pivot): void {
    this.below += pivot.below;
    this.equal += pivot.equal;
    if (pivot.maxBelow !== undefined) this.maxBelow = Math.max(this.maxBelow, toNumber(pivot.maxBelow));
    if (pivot.minAbove !== undefined) this.minAbove = Math.min(this.minAbove, toNumber(pivot.minAbove));
  }

  merge(other: PivotCounts): void {
    this.below += other.below;
    this.equal += other.equal;
    this.maxBelow = Math.max(this.maxBelow, other.maxBelow);
    this.minAbove = Math.min(this.minAbove, other.minAbove);
  }

  toPivot(): Pivot {
    return {
      v: toNum(this.v),
      below: this.below,
      equal: this.equal,
      maxBelow: toNum(this.maxBelow),
      minAbove: toNum(this.minAbove),
    };
  }
}

interface Interval {
  lo: number;
  hi: number;
}

/**
 * A percentile whose every comparison with the pivots' values V comes out as for the sorted pooled samples: the
 * histogram's estimate, moved onto the side of each V on which the exact percentile lies. So the number that is shown
 * is the number that is judged. Where the percentile is interpolated across V, or equals it, it is exact.
 *
 * Assumes that j + (k-j)*f is not above k when both are below V: true for values of one sign, and for others up to
 * rounding in the last bits. And that k-j does not overflow: with samples near both ends of all doubles k6 has +Infinity.
 * @param fraction 0 to 1
 */
export function exactPercentile(samples: Histogram, pivots: Iterable<PivotCounts>, fraction: number): number {
  let value = samples.percentile(fraction);
  // A single sample is known exactly, and infinities are counted exactly: nothing to correct.
  if (samples.count < 2 || !Number.isFinite(value)) return value;
  for (const pivot of pivots) {
    if (Number.isNaN(pivot.v)) continue;
    // Each interval holds the exact percentile, so moving into the next one never leaves those before.
    const { lo, hi } = percentileInterval(pivot, samples.count, fraction);
    value = Math.min(hi, Math.max(lo, value));
  }
  return value;
}

/** An interval that holds the exact percentile and does not reach across V. Both neighbouring ranks must be finite. */
function percentileInterval(pivot: PivotCounts, count: number, fraction: number): Interval {
  const i = fraction * (count - 1);
  const low = Math.floor(i);
  const j = rankInterval(pivot, low);
  const k = rankInterval(pivot, Math.ceil(i));
  if (j.lo !== j.hi || k.lo !== k.hi) return { lo: j.lo, hi: k.hi };
  const exact = interpolate(j.lo, k.lo, i - low);
  return { lo: exact, hi: exact };
}

/** What a pivot tells of the sample with this rank: below V, V itself, or above V; next to V it is known exactly. */
function rankInterval(pivot: PivotCounts, rank: number): Interval {
  const { v, below, equal, maxBelow, minAbove } = pivot;
  if (rank < below) return { lo: rank === below - 1 ? maxBelow : -Number.MAX_VALUE, hi: maxBelow };
  if (rank < below + equal) return { lo: v, hi: v };
  return { lo: minAbove, hi: rank === below + equal ? minAbove : Number.MAX_VALUE };
}
