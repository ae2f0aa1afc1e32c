/**
 * Splits a whole number into whole shares that add up to it and differ by at most one.
 * @param total at least 0 @param parts at least 1
 */
export function shares(total: number, parts: number): number[] {
  const base = Math.floor(total / parts);
  const rest = total - base * parts;
  return Array.from({ length: parts }, (_, index) => base + (index < rest ? 1 : 0));
}
