/** A target's scaling over time, in steps. */
import type { Result, SeriesPoint, TargetReading, TargetResult } from '../../core/contract/result.ts';

export interface TimelineRow {
  /** Start of the step, ms since the start of the load. */
  atMs: number;
  /** The most VUs at any time. Null, as for all numbers: nothing was measured in this step. */
  vus: number | null;
  requestsPerSecond: number | null;
  /** The worst p95 of the intervals in this step, ms: percentiles cannot be averaged. */
  worstP95: number | null;
  /** Failed requests over all requests, 0 to 1. */
  errorRate: number | null;
  /** The latest reading of the target up to the end of this step. */
  reading: TargetReading | null;
  /** In order of time. */
  events: { atMs: number; message: string }[];
}

/** Round steps for a table, seconds. */
const ROUND_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400];

/** The verdict's moments as events. */
const MOMENTS: readonly [keyof TargetResult['moments'], string][] = [
  ['loadRose', 'the load increased'],
  ['desiredRose', 'the desired count rose'],
  ['runningRose', 'the running count rose'],
  ['latencyLost', 'p95 exceeded its bound again'],
  ['latencyRecovered', 'p95 recovered'],
];

/**
 * At most `maxRows` rows of one round step each, from the start of the load to the last reading, point or event.
 * Empty if the load never started.
 */
export function timelineRows(result: Result, target: TargetResult, maxRows: number): TimelineRow[] {
  const start = result.run.startedAt === null ? Number.NaN : Date.parse(result.run.startedAt);
  if (!Number.isFinite(start)) return [];
  const intervalMs = result.series.intervalSeconds * 1000;
  // The interval in which the load starts begins up to one interval before it.
  const points = result.series.points.filter(({ t }) => t * 1000 > start - intervalMs);
  const events = eventsOf(target, start);
  const ends = [
    ...points.map(({ t }) => t * 1000 + intervalMs - start),
    ...target.timeline.map(({ at }) => at - start + 1),
  ];
  const spanMs = [...ends, ...events.map(({ atMs }) => atMs + 1)].reduce((max, end) => Math.max(max, end), 0);
  const least = Math.max(result.series.intervalSeconds, spanMs / 1000 / maxRows);
  const stepMs = 1000 * stepOf(least, result.series.intervalSeconds);
  const indexOf = (atMs: number) => Math.max(0, Math.floor(atMs / stepMs));

  return Array.from({ length: Math.min(maxRows, Math.ceil(spanMs / stepMs)) }, (_, i) => ({
    atMs: i * stepMs,
    ...loadOf(
      points.filter(({ t }) => indexOf(t * 1000 - start) === i),
      result.series.intervalSeconds,
    ),
    reading: target.timeline.filter(({ at }) => at - start < (i + 1) * stepMs).at(-1) ?? null,
    events: events.filter(({ atMs }) => indexOf(atMs) === i),
  }));
}

/**
 * The smallest round step that holds whole intervals, so that every row sums up equally many, in seconds. Few round steps
 * hold the intervals of a long run, such as 64 s: if the next one is more than twice the least step, that one is used.
 */
function stepOf(least: number, interval: number): number {
  const exact = Math.ceil(least / interval) * interval;
  const round = ROUND_STEPS.find((step) => step >= least && step % interval === 0);
  return round !== undefined && round <= 2 * exact ? round : exact;
}

function loadOf(points: readonly SeriesPoint[], intervalSeconds: number) {
  if (points.length === 0) return { vus: null, requestsPerSecond: null, worstP95: null, errorRate: null };
  const sum = (of: (point: SeriesPoint) => number) => points.reduce((total, point) => total + of(point), 0);
  const requests = sum((point) => point.requests);
  return {
    vus: points.reduce((max, { vus }) => Math.max(max, vus), 0),
    requestsPerSecond: requests / (points.length * intervalSeconds),
    worstP95: points.reduce<number | null>((max, { p95 }) => (p95 === null ? max : Math.max(max ?? p95, p95)), null),
    errorRate: requests > 0 ? sum((point) => point.failed) / requests : null,
  };
}

function eventsOf(target: TargetResult, start: number): { atMs: number; message: string }[] {
  const moments = MOMENTS.flatMap(([key, message]) => {
    const at = target.moments[key];
    return at === null ? [] : [{ atMs: at - start, message }];
  });
  const observed = target.events.map(({ at, message }) => ({ atMs: at - start, message }));
  return [...moments, ...observed].sort((a, b) => a.atMs - b.atMs);
}
