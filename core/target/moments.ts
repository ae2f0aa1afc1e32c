import type { SeriesPoint, TargetMoments, TargetReading } from '../contract/result.ts';

/** How many measured points p95 must stay under its bound to count as recovered: one good second may be luck. */
export const STABLE_POINTS = 3;

/** Unix ms at which the interval of a point starts. */
export const pointMs = (point: SeriesPoint): number => point.t * 1000;

/**
 * When the offered load first passed half of the way from its initial level to its peak, Unix ms; null: no load.
 * A test that starts at more than half of its peak rises from nothing, at its first point.
 * Load is counted in VUs; in requests only where no VU was seen, since requests fall when the target is slow.
 */
export function loadRoseAt(points: readonly SeriesPoint[]): number | null {
  const load = points.some((point) => point.vus > 0)
    ? (point: SeriesPoint) => point.vus
    : (point: SeriesPoint) => point.requests;
  const peak = points.reduce((max, point) => Math.max(max, load(point)), 0);
  if (peak === 0) return null;
  const first = points[0] ? load(points[0]) : 0;
  const initial = first > peak / 2 ? 0 : first;
  const rose = points.find((point) => load(point) >= initial + (peak - initial) / 2);
  return rose ? pointMs(rose) : null;
}

export interface Scaling {
  /** The desired count at the moment that rises are measured from; null: no readings. */
  from: number | null;
  desiredRose: number | null;
  runningRose: number | null;
  /** Desired and running counts at these moments. */
  desiredTo: number | null;
  runningTo: number | null;
}

/**
 * The scale-out that answered the load: the desired count's first rise above its level at `loadRose`, then the
 * running count's. Where there was none, a scale-out that began earlier in the load's rise counts.
 * A running count that rises while the desired one stays is a deployment or a task being replaced, not a scale-out.
 * @param readings in order of time
 * @param loadBegan, loadRose Unix ms
 */
export function scalingAt(readings: readonly TargetReading[], loadBegan: number, loadRose: number): Scaling {
  const answer = riseAfter(readings, loadRose);
  if (answer.desiredRose !== null) return answer;
  const earlier = riseAfter(readings, loadBegan);
  return earlier.desiredRose === null ? answer : earlier;
}

function riseAfter(readings: readonly TargetReading[], since: number): Scaling {
  const level = readings.findLast((reading) => reading.at <= since) ?? readings[0];
  const desired = level && readings.find((reading) => reading.at >= since && reading.desired > level.desired);
  const running = desired && readings.find((reading) => reading.at >= desired.at && reading.running > level.desired);
  return {
    from: level?.desired ?? null,
    desiredRose: desired?.at ?? null,
    runningRose: running?.at ?? null,
    desiredTo: desired?.desired ?? null,
    runningTo: running?.running ?? null,
  };
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
