export interface Spread {
  min: number;
  median: number;
  max: number;
}

/** @throws Error without values */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const [low, high] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  if (low === undefined || high === undefined) throw new Error('a spread needs at least one value');
  return { min: sorted[0] as number, median: (low + high) / 2, max: sorted.at(-1) as number };
}

/** Such as `**0.98** (0.95 to 1.04)`: the median, and the range. */
export function spreadText({ min, median, max }: Spread, digits: number): string {
  const text = `**${median.toFixed(digits)}**`;
  return min === max ? text : `${text} (${min.toFixed(digits)} to ${max.toFixed(digits)})`;
}
