import type { Histogram } from './histogram.ts';
import type { RunMetrics } from './run-metrics.ts';
import { Point } from './timeline.ts';

/** Rates are means over this many seconds. */
const RATE_SECONDS = 3;
/** Percentiles are over this many seconds. */
const LATENCY_SECONDS = 5;
/** A task this far behind the others has ended or is lost: the live view does not wait for it. Seconds. */
const BEHIND_SECONDS = 15;
/** If no window has come for this long, the load is over. Seconds. */
const STALE_SECONDS = 30;

interface Percentiles {
  /** http_req_duration, ms; null without requests. */
  p50: number | null;
  p95: number | null;
  p99: number | null;
}

/** The numbers of the live view. p50, p95 and p99 are of the last seconds. */
export interface LiveStats extends Percentiles {
  /** The second shown, Unix time: the latest that all running tasks have shipped; null: none yet. */
  second: number | null;
  vus: number;
  requestsPerSecond: number;
  /** Failed requests over requests of the last seconds, 0 to 1. */
  errorRate: number;
  /** Of the whole run so far, as are the next two. */
  requests: number;
  iterations: number;
  checksFailed: number;
}

/** @param nowMs Unix ms by the store's clock */
export function liveStats(metrics: RunMetrics, nowMs: number): LiveStats {
  const second = latestComplete(metrics, nowMs);
  const rates = lastSeconds(metrics, second, RATE_SECONDS);
  return {
    second,
    vus: second === null ? 0 : (metrics.summed.vus.at(second) ?? metrics.summed.vus.summary()?.value ?? 0),
    requestsPerSecond: rates.requests / rates.seconds,
    errorRate: rates.requests > 0 ? rates.failed / rates.requests : 0,
    ...percentiles(lastSeconds(metrics, second, LATENCY_SECONDS).duration),
    requests: metrics.counter('http_reqs').sum,
    iterations: metrics.counter('iterations').sum,
    checksFailed: metrics.rate('checks').fails,
  };
}

/** The latest second that all running tasks have shipped, Unix seconds; null if nothing is running. */
function latestComplete(metrics: RunMetrics, nowMs: number): number | null {
  const latest = [...metrics.tasks.values()].map(({ lastT }) => lastT).filter((t) => t >= 0);
  const newest = latest.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  if (newest < nowMs / 1000 - STALE_SECONDS) return null;
  return latest.filter((t) => t >= newest - BEHIND_SECONDS).reduce((a, b) => Math.min(a, b), newest);
}

/** Adds up the cells of the last `seconds` up to the one at `second`. Also returns how many seconds they cover. */
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
  // At the start of a run there are fewer cells than asked for.
  const covered = second === null ? 0 : second - first + cellSeconds;
  return Object.assign(sum, { seconds: covered > 0 ? covered : cellSeconds });
}

function percentiles(duration: Histogram): Percentiles {
  const at = (fraction: number) => {
    const value = duration.percentile(fraction);
    return duration.count > 0 && Number.isFinite(value) ? value : null;
  };
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
