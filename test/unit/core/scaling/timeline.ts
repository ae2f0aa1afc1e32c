import type { SeriesPoint, TargetReading } from '../../../../core/contract/result.ts';

/** 12:00:00 UTC: the tests' second 0. */
const NOON = Date.UTC(2026, 10, 23, 12);

export const at = (second: number): number => NOON + second * 1000;

/** Points of one second, by functions of the second. */
export function load(
  seconds: number,
  vus: (s: number) => number,
  p95: (s: number) => number | null = () => 50,
): SeriesPoint[] {
  return Array.from({ length: seconds }, (_, s) => ({
    t: at(s) / 1000,
    vus: vus(s),
    requests: vus(s) * 10,
    failed: 0,
    iterations: vus(s) * 10,
    dropped: 0,
    checksFailed: 0,
    received: 0,
    sent: 0,
    avg: null,
    med: null,
    p95: p95(s),
    p99: null,
    max: null,
  }));
}

/** 10 VUs for 10 s, up to 1,000 at once, held until second 60. Half of the way is passed at second 10. */
export const spike = (s: number): number => (s < 10 ? 10 : 1000);

/** A reading a second, with the counts of the last change at or before it: [second, desired, running]. */
export function readings(seconds: number, changes: [number, number, number][]): TargetReading[] {
  return Array.from({ length: seconds }, (_, s) => {
    const [, desired = 0, running = 0] = changes.findLast(([second]) => second <= s) ?? [];
    return { at: at(s), desired, running, pending: Math.max(0, desired - running) };
  });
}
