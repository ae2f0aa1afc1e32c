/** The moments that a verdict is about: when the load rose, when the target scaled out, when its latency recovered. */
import type { SeriesPoint, TargetMoments, TargetReading } from '../contract/result.ts';

/** How many measured points p95 must stay at or under its bound to count as recovered: one good second may be luck. */
export const STABLE_POINTS = 3;

/** Unix ms at which the interval of a point starts. */
export const pointMs = (point: SeriesPoint): number => point.t * 1000;

/** When the load was high, Unix ms. */
export interface LoadRise {
  /** The offered load first passed half of the way from its initial level to its peak. */
  roseAt: number;
  /** It fell below that for good. */
  fellAt: number;
  /** The end of the last point. */
  endedAt: number;
}

/**
 * When the load rose and fell again; null: no load. A test that starts at more than half of its peak rises from zero, at
 * its first point. Load is counted in VUs, and in requests only if no VUs were measured: requests drop when the target
 * is slow.
 * @param points in order of time
 */
export function loadRise(points: readonly SeriesPoint[]): LoadRise | null {
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

/** The width of a point, ms. Seconds without any sample have no point, so the smallest distance of two is the width. */
function intervalMs(points: readonly SeriesPoint[]): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 1; i < points.length; i++) least = Math.min(least, (points[i]?.t ?? 0) - (points[i - 1]?.t ?? 0));
  return 1000 * (Number.isFinite(least) && least > 0 ? least : 1);
}

export interface ScaleOut {
  /** The desired count that it rose from, or would have had to; null: no readings. */
  from: number | null;
  /** Unix ms; null, as for all below: it did not happen. */
  desiredRose: number | null;
  runningRose: number | null;
  /** The desired and the running count at these moments. */
  desiredTo: number | null;
  runningTo: number | null;
}

/**
 * The scale-out that answered the load: the desired count's first rise since `loadRose`, then the running count's. If
 * there was none, a scale-out that began earlier in the load's ramp counts.
 * @param readings in order of time
 * @param loadBegan, loadRose Unix ms
 */
export function findScaleOut(readings: readonly TargetReading[], loadBegan: number, loadRose: number): ScaleOut {
  const answer = scaleOutSince(readings, loadRose);
  if (answer.desiredRose !== null) return answer;
  const earlier = scaleOutSince(readings, loadBegan);
  return earlier.desiredRose === null ? answer : earlier;
}

/** A scale-in that is still under way while the load rises lowers the level that a rise is measured from. */
function scaleOutSince(readings: readonly TargetReading[], since: number): ScaleOut {
  const level = readings.findLast((reading) => reading.at <= since) ?? readings[0];
  let from = level?.desired ?? null;
  for (const [index, reading] of readings.entries()) {
    if (from === null || reading.at < since) continue;
    if (reading.desired > from) {
      const running = runningRise(readings, index, from);
      return {
        from,
        desiredRose: reading.at,
        runningRose: running?.at ?? null,
        desiredTo: reading.desired,
        runningTo: running?.running ?? null,
      };
    }
    from = reading.desired;
  }
  return { from, desiredRose: null, runningRose: null, desiredTo: null, runningTo: null };
}

/**
 * The first reading in which tasks of the scale-out run. While a deployment replaces tasks, old and new ones run side by
 * side, more than are desired: what ran before the desired count rose does not answer it. So the running count must
 * rise above the lowest count that has run since, or all desired tasks run after some were pending.
 * @param rose the index of the reading in which the desired count has risen
 * @param from the desired count before; tasks that start after it has fallen back to that do not count
 */
function runningRise(readings: readonly TargetReading[], rose: number, from: number): TargetReading | null {
  let base = Math.max(from, readings[rose - 1]?.running ?? 0);
  let started = false;
  let wasShort = false;
  for (const reading of readings.slice(rose)) {
    const { desired, running, pending } = reading;
    if (desired <= from) continue;
    if (running > base || (started && pending === 0 && running >= desired)) return reading;
    base = Math.max(from, Math.min(base, running));
    started ||= pending > 0;
    wasShort ||= running < desired;
  }
  // All ran throughout: a scale-in was taken back in time, or tasks were replaced one for one between two readings.
  return wasShort ? null : (readings[rose] ?? null);
}

export interface Recovery {
  /** p95 was above the bound after the load rose. */
  exceeded: boolean;
  /** The highest p95 after the load rose, ms; null: no request finished. */
  worstMs: number | null;
  /** The first point of the stretch that counts as recovered; null: none does. */
  point: SeriesPoint | null;
  /** The most VUs after the load rose: a target may also recover because the load fell. */
  peakVUs: number;
}

/**
 * The first point, after p95 exceeded the bound, from which it stays at or under it for `STABLE_POINTS` points.
 * Points without requests neither count nor break a stretch.
 * @param points in order of time
 * @param since Unix ms
 */
export function findRecovery(points: readonly SeriesPoint[], since: number, p95Ms: number): Recovery {
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
