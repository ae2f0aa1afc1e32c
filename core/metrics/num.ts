import type { Num } from '../contract/window.ts';

/** A number from JSON. -0 becomes 0, so that equal states print equal. */
export function toNumber(n: Num): number {
  if (typeof n === 'number') return n + 0;
  if (n === 'Inf') return Number.POSITIVE_INFINITY;
  return n === '-Inf' ? Number.NEGATIVE_INFINITY : Number.NaN;
}

/** The number as JSON can carry it. */
export function toNum(x: number): Num {
  if (Number.isFinite(x)) return x;
  if (Number.isNaN(x)) return 'NaN';
  return x > 0 ? 'Inf' : '-Inf';
}
