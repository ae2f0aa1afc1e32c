/** The moments that a verdict is about: when the load rose, when the target scaled out, when its latency recovered. */
import type { SeriesPoint, TargetEvent, TargetMoments, TargetReading } from '../contract/result.ts';

/** How many measured points p95 must stay at or under its bound to count as recovered: one good second may be luck. */
export const STABLE_POINTS = 3;

/**
 * A point above the bound is an outlier, and no loss of a recovery, if none of the next so many measured points is above
 * it too: one bad second in ten may be bad luck.
 */
const OUTLIER_POINTS = 10;

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

export interface ScaleOutInput {
  /** In order of time. */
  readings: readonly TargetReading[];
  /** In order of time. */
  events: readonly TargetEvent[];
  /** Unix ms. */
  loadBegan: number;
  /** Unix ms. */
  loadRose: number;
}

/**
 * The scale-out that answered the load: the desired count's first rise since `loadRose`, then the running count's. If
 * there was none, a scale-out that began earlier in the load's ramp counts. A count rose when an event says so, otherwise
 * at the first reading that shows it.
 */
export function findScaleOut({ readings, events, loadBegan, loadRose }: ScaleOutInput): ScaleOut {
  const answer = scaleOutSince(readings, loadRose);
  const earlier = answer.desiredRose === null ? scaleOutSince(readings, loadBegan) : answer;
  return refinedBy(events, readings, earlier.desiredRose === null ? answer : earlier);
}

/**
 * How long before a reading with the old count an event may have announced the new one, ms: autoscaling's activity begins
 * before it calls ECS.
 */
const ANNOUNCED_MS = 10_000;

/**
 * The same scale-out, at the moments of its events. Their clock is not the readings': a moment stays between the last
 * reading without the rise and the first one with it.
 */
function refinedBy(events: readonly TargetEvent[], readings: readonly TargetReading[], scaleOut: ScaleOut): ScaleOut {
  const { from, desiredRose, runningRose } = scaleOut;
  if (from === null || desiredRose === null) return scaleOut;
  const momentOf = (rise: number, leadMs: number, isMeant: (event: TargetEvent) => boolean): number => {
    const before = readings.findLast(({ at }) => at < rise)?.at ?? rise;
    const event = events.find((each) => each.at > before - leadMs && each.at < rise && isMeant(each));
    return event === undefined ? rise : Math.max(event.at, before);
  };
  const desiredAt = momentOf(desiredRose, ANNOUNCED_MS, ({ desired }) => desired !== undefined && desired > from);
  if (runningRose === null) return { ...scaleOut, desiredRose: desiredAt };
  const runningAt = momentOf(runningRose, 0, ({ at, steady }) => steady === true && at > desiredAt);
  // Between the same two readings both may have risen.
  return { ...scaleOut, desiredRose: desiredAt, runningRose: Math.max(desiredAt, runningAt) };
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

/** How p95 came back under its bound, judged by the points with requests: the others say nothing. */
export interface Recovery {
  /** p95 was above the bound after the load rose, for more than outliers. */
  exceeded: boolean;
  /** The highest p95 after the load rose, ms; null: no request finished. */
  worstMs: number | null;
  /** The first point from which p95 stayed at or under the bound for good; null: none, or it never exceeded it. */
  point: SeriesPoint | null;
  /** A stretch before `point` that looked like a recovery; null: there was none. */
  relapse: Relapse | null;
  /** Points above the bound that do not count, from `point` on or, if p95 never exceeded it, of all. */
  outliers: number;
  /** The most VUs after the load rose: a target may also recover because the load fell. */
  peakVUs: number;
}

/** The first return of p95 that did not last. */
export interface Relapse {
  /** The first point of the stretch, and the first one after it that is above the bound again. */
  from: SeriesPoint;
  lost: SeriesPoint;
}

export interface RecoveryInput {
  /** In order of time. */
  points: readonly SeriesPoint[];
  /** When the load rose, Unix ms. */
  loadRose: number;
  /**
   * When the last iterations start, Unix ms. Later points are of the graceful stop, in which only the slowest requests
   * are left: they do not count, unless all requests finished so late.
   */
  loadEndsAt: number;
  p95Ms: number;
}

/**
 * When p95 recovered for good: the first point from which it stays at or under the bound until the end of the load. The
 * stretch begins with `STABLE_POINTS` points in a row; after them outliers are allowed. Points of the ramp down count.
 * A higher p95 in any point never makes the recovery earlier.
 */
export function findRecovery({ points, loadRose, loadEndsAt, p95Ms }: RecoveryInput): Recovery {
  const since = points.filter((point) => pointMs(point) >= loadRose);
  const peakVUs = since.reduce((max, { vus }) => Math.max(max, vus), 0);
  const all = since.filter(({ p95 }) => p95 !== null);
  const underLoad = all.filter((point) => pointMs(point) < loadEndsAt);
  const measured = underLoad.length > 0 ? underLoad : all;
  const worstMs = measured.reduce<number | null>((worst, { p95 }) => Math.max(worst ?? 0, p95 ?? 0), null);
  const over = measured.flatMap(({ p95 }, index) => ((p95 ?? 0) > p95Ms ? [index] : []));
  const none = { exceeded: false, worstMs, point: null, relapse: null, outliers: over.length, peakVUs };
  const first = over[0];
  if (first === undefined) return none;
  const isStable = (index: number) =>
    index + STABLE_POINTS <= measured.length && !over.some((bad) => bad >= index && bad < index + STABLE_POINTS);
  // No outlier: the next one above the bound is near.
  const lapses = over.filter((bad, i) => (over[i + 1] ?? Number.POSITIVE_INFINITY) - bad < OUTLIER_POINTS);
  const earliest = (lapses.at(-1) ?? -1) + 1;
  const recovered = measured.findIndex((_, index) => index >= earliest && isStable(index));
  if (recovered === 0) return none;
  const returned = measured.findIndex((_, index) => index > first && isStable(index));
  const lostAt = lapses.find((bad) => bad > returned) ?? over.find((bad) => bad > returned);
  const [from, lost] = [measured[returned], measured[lostAt ?? -1]];
  return {
    exceeded: true,
    worstMs,
    point: measured[recovered] ?? null,
    relapse: from !== undefined && lost !== undefined && returned !== recovered ? { from, lost } : null,
    outliers: recovered < 0 ? 0 : over.filter((bad) => bad > recovered).length,
    peakVUs,
  };
}

/** ms from the load's rise to each of the other moments. */
export function timingsOf({ loadRose, desiredRose, runningRose, latencyRecovered }: TargetMoments) {
  const since = (moment: number | null) => (moment === null || loadRose === null ? null : moment - loadRose);
  return { toDesiredMs: since(desiredRose), toRunningMs: since(runningRose), toRecoveredMs: since(latencyRecovered) };
}
