import type { Counter, Rate } from './accumulators.ts';
import { Histogram } from './histogram.ts';
import type { RunMetrics } from './state.ts';
import { Point } from './timeline.ts';

/** Rates are means over so many seconds. */
const RATE_SECONDS = 3;
/** Percentiles are over so many seconds. */
const LATENCY_SECONDS = 5;
/** A task that is so far behind the others has ended, or is lost: the live view does not wait for it. Seconds. */
const BEHIND_SECONDS = 15;
/** Nothing has come for so long: the load is over. Seconds. */
const STALE_SECONDS = 30;

interface Percentiles {
  /** http_req_duration, ms; null without requests. */
  p50: number | null;
  p95: number | null;
  p99: number | null;
}

/** The live view: p50, p95, p99 are those of the last seconds. */
export interface LiveStats extends Percentiles {
  /** The second that it shows, Unix time: the latest that all running tasks have shipped. Null: none yet. */
  second: number | null;
  vus: number;
  requestsPerSecond: number;
  /** Failed requests over requests of the last seconds, 0 to 1. */
  errorRate: number;
  /** Percentiles of the whole run so far. */
  overall: Percentiles;
  /** So far. */
  requests: number;
  iterations: number;
  checksPassed: number;
  checksFailed: number;
}

/** @param nowMs Unix ms by the store's clock */
export function liveStats(metrics: RunMetrics, nowMs: number): LiveStats {
  const second = latestComplete(metrics, nowMs);
  const rates = lastSeconds(metrics, second, RATE_SECONDS);
  const checks = metrics.metrics.get('checks')?.total as Rate | undefined;
  return {
    second,
    vus: second === null ? 0 : (metrics.summed.vus.at(second) ?? metrics.summed.vus.summary()?.value ?? 0),
    requestsPerSecond: rates.requests / rates.seconds,
    errorRate: rates.requests > 0 ? rates.failed / rates.requests : 0,
    ...percentiles(lastSeconds(metrics, second, LATENCY_SECONDS).duration),
    overall: percentiles(metrics.metrics.get('http_req_duration')?.total as Histogram | undefined),
    requests: totalOf(metrics, 'http_reqs'),
    iterations: totalOf(metrics, 'iterations'),
    checksPassed: checks?.passes ?? 0,
    checksFailed: checks === undefined ? 0 : checks.total - checks.passes,
  };
}

function latestComplete(metrics: RunMetrics, nowMs: number): number | null {
  const latest = [...metrics.tasks.values()].map(({ lastT }) => lastT).filter((t) => t >= 0);
  const newest = latest.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  if (newest < nowMs / 1000 - STALE_SECONDS) return null;
  return latest.filter((t) => t >= newest - BEHIND_SECONDS).reduce((a, b) => Math.min(a, b), newest);
}

/** What happened in the cells of so many seconds up to and with the cell at `second`. */
function lastSeconds(metrics: RunMetrics, second: number | null, seconds: number): Point & { seconds: number } {
  const sum = new Point();
  const { cellSeconds } = metrics.bounds;
  const cells = Math.ceil(seconds / cellSeconds);
  let first = Number.POSITIVE_INFINITY;
  for (const [t, point] of metrics.recent.entries()) {
    if (second === null || t > second || t <= second - cells * cellSeconds) continue;
    sum.merge(point);
    first = Math.min(first, t);
  }
  // In a run's first seconds there are fewer cells than asked for.
  const covered = second === null ? 0 : second - first + cellSeconds;
  return Object.assign(sum, { seconds: covered > 0 ? covered : cellSeconds });
}

function percentiles(duration: Histogram = new Histogram()): Percentiles {
  const at = (fraction: number) => {
    const value = duration.percentile(fraction);
    return duration.count > 0 && Number.isFinite(value) ? value : null;
  };
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

function totalOf(metrics: RunMetrics, metric: string): number {
  return (metrics.metrics.get(metric)?.total as Counter | undefined)?.sum ?? 0;
}
