import { type KeyCell, type MetricType, type Pivot, toNum, toNumber, type ValueType } from '../contract/window.ts';
import { type Accumulator, addValues, createAccumulator } from './accumulators.ts';
import { type Histogram, interpolate } from './histogram.ts';

/** The samples that a threshold key selected, in all tasks. */
export class KeySamples {
  /** Null: no sample yet, or the key names a whole metric. */
  values: Accumulator | null = null;
  /** By the value that each counts around. */
  readonly pivots = new Map<number, PivotCounts>();

  constructor(
    readonly type: MetricType,
    readonly contains: ValueType,
  ) {}

  /** @param clockOffsetMs the store's clock minus the clock of a gauge's `at` */
  add({ values, pivots = [] }: KeyCell, clockOffsetMs = 0): void {
    if (values !== undefined) {
      this.values ??= createAccumulator(this.type);
      addValues(this.values, values, clockOffsetMs);
    }
    for (const pivot of pivots) {
      const v = toNumber(pivot.v);
      const counts = this.pivots.get(v) ?? new PivotCounts(v);
      counts.add(pivot);
      this.pivots.set(v, counts);
    }
  }

  toCell(key: string): KeyCell {
    const { type, contains, values } = this;
    const cell: KeyCell = { key, type, contains, pivots: [...this.pivots.values()].map((pivot) => pivot.toPivot()) };
    if (values !== null) cell.values = values.toValues();
    return cell;
  }
}

/** Exact counts of a key's samples around one value V, over all tasks. */
export class PivotCounts {
  below = 0;
  equal = 0;
  /** The greatest sample below V; -Infinity if there is none, or if it is that. */
  maxBelow = Number.NEGATIVE_INFINITY;
  /** The smallest sample above V; +Infinity if there is none, or if it is that. */
  minAbove = Number.POSITIVE_INFINITY;

  constructor(readonly v: number) {}

  add(pivot: Pivot): void {
    this.below += pivot.below;
    this.equal += pivot.equal;
    if (pivot.maxBelow !== undefined) this.maxBelow = Math.max(this.maxBelow, toNumber(pivot.maxBelow));
    if (pivot.minAbove !== undefined) this.minAbove = Math.min(this.minAbove, toNumber(pivot.minAbove));
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
 * Estimates a percentile such that comparing it with any pivot's V gives what the sorted pooled samples give: the
 * histogram's estimate, moved to the side of each V on which the exact percentile lies. So the number shown is the
 * number judged. It is exact if it equals V or is interpolated across V.
 *
 * Assumes that j + (k-j)*f is not above k when both are below V, which holds for values of one sign, and for others up
 * to rounding in the last bits; and that k-j does not overflow: with samples near both ends of the doubles, k6 returns
 * +Infinity.
 * @param fraction 0 to 1
 */
export function exactPercentile(samples: Histogram, pivots: Iterable<PivotCounts>, fraction: number): number {
  let value = samples.percentile(fraction);
  // A single sample is known exactly, and infinities are counted exactly: there is nothing to correct.
  if (samples.count < 2 || !Number.isFinite(value)) return value;
  for (const pivot of pivots) {
    if (Number.isNaN(pivot.v)) continue;
    // Each interval holds the exact percentile, so clamping to the next one never leaves the earlier ones.
    const { lo, hi } = percentileInterval(pivot, samples.count, fraction);
    value = Math.min(hi, Math.max(lo, value));
  }
  return value;
}

/** An interval that holds the exact percentile and does not span V. Both neighbouring samples must be finite. */
function percentileInterval(pivot: PivotCounts, count: number, fraction: number): Interval {
  const i = fraction * (count - 1);
  const low = Math.floor(i);
  const j = rankInterval(pivot, low);
  const k = rankInterval(pivot, Math.ceil(i));
  if (j.lo !== j.hi || k.lo !== k.hi) return { lo: j.lo, hi: k.hi };
  const exact = interpolate(j.lo, k.lo, i - low);
  return { lo: exact, hi: exact };
}

/** Bounds of the sample with this rank: below V, V itself, or above V. The samples next to V are known exactly. */
function rankInterval(pivot: PivotCounts, rank: number): Interval {
  const { v, below, equal, maxBelow, minAbove } = pivot;
  if (rank < below) return { lo: rank === below - 1 ? maxBelow : -Number.MAX_VALUE, hi: maxBelow };
  if (rank < below + equal) return { lo: v, hi: v };
  return { lo: minAbove, hi: rank === below + equal ? minAbove : Number.MAX_VALUE };
}
