import type { SeriesPoint, TargetMoments } from '../contract/result.ts';

export { scalingAt } from './scaling.ts';

/** How many measured points p95 must stay under its bound to count as recovered: one good second may be luck. */
export const STABLE_POINTS = 3;

/** Unix ms at which the interval of a point starts. */
export const pointMs = (point: SeriesPoint): number => point.t * 1000;

/** The stretch of the load that matters, Unix ms. */
export interface Rise {
  /** When the offered load first passed half of the way from its initial level to its peak. */
  roseAt: number;
  /** When it fell below that for good. */
  fellAt: number;
  /** The end of the last point. */
  endedAt: number;
}

/**
 * When the load rose and fell again; null: no load. A test that starts at more than half of its peak rises from nothing,
 * at its first point. Load is counted in VUs; in requests only where no VU was seen, since requests fall when the
 * target is slow.
 * @param points in order of time
 */
export function loadRise(points: readonly SeriesPoint[]): Rise | null {
  const load = points.some((point) => point.vus > 0)
    ? (point: SeriesPoint) => point.vus
    : (point: SeriesPoint) => point.requests;
  const peak = points.reduce((max, point) => Math.max(max, load(point)), 0);
  if (peak === 0) return null;
  const first = points[0] ? load(points[0]) : 0;
  const initial = first > peak / 2 ? 0 : first;
  const isHigh = (point: SeriesPoint) => load(point) >= initial + (peak - initial) / 2;
  const rose = points.find(isHigh);
  const last = points.findLast(isHigh);
  const end = points.at(-1);
  if (!rose || !last || !end) return null;
  const width = intervalMs(points);
  return { roseAt: pointMs(rose), fellAt: pointMs(last) + width, endedAt: pointMs(end) + width };
}

/** When the load rose, Unix ms; null: no load. */
export const loadRoseAt = (points: readonly SeriesPoint[]): number | null => loadRise(points)?.roseAt ?? null;

/** Seconds without any sample have no point, so the least distance of two is the width. */
function intervalMs(points: readonly SeriesPoint[]): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 1; i < points.length; i++) least = Math.min(least, (points[i]?.t ?? 0) - (points[i - 1]?.t ?? 0));
  return 1000 * (Number.isFinite(least) && least > 0 ? least : 1);
}

export interface Recovery {
  /** p95 was above the bound after the load rose. */
  exceeded: boolean;
  /** The highest p95 after the load rose, ms; null: no request finished. */
  worstMs: number | null;
  /** The first point of the stretch that counts as recovered. */
  point: SeriesPoint | null;
  /** The most VUs after the load rose: a target may also recover because its load went away. */
  peakVUs: number;
}

/**
 * The first point, after p95 exceeded the bound, from which it stays at or under it for `STABLE_POINTS` points.
 * Points without requests say nothing: they neither count nor break a stretch.
 * @param points in order of time
 * @param since Unix ms
 */
export function recoveryAt(points: readonly SeriesPoint[], since: number, p95Ms: number): Recovery {
  let exceeded = false;
  let worstMs: number | null = null;
  let peakVUs = 0;
  let under: SeriesPoint | null = null;
  let length = 0;
  let point: SeriesPoint | null = null;
  for (const each of points) {
    if (pointMs(each) < since) continue;
    peakVUs = Math.max(peakVUs, each.vus);
    if (each.p95 === null) continue;
    worstMs = Math.max(worstMs ?? 0, each.p95);
    if (each.p95 > p95Ms) {
      exceeded = true;
      length = 0;
    } else if (exceeded) {
      if (++length === 1) under = each;
      if (length === STABLE_POINTS) point ??= under;
    }
  }
  return { exceeded, worstMs, point, peakVUs };
}

/** ms from the load's rise to each of the other moments. */
export function timingsOf({ loadRose, desiredRose, runningRose, latencyRecovered }: TargetMoments) {
  const since = (moment: number | null) => (moment === null || loadRose === null ? null : moment - loadRose);
  return { toDesiredMs: since(desiredRose), toRunningMs: since(runningRose), toRecoveredMs: since(latencyRecovered) };
}
