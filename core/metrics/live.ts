import type { Histogram } from './histogram.ts';
import type { RunMetrics } from './run-metrics.ts';
import { Point } from './timeline.ts';

/** Rates are means over this many seconds. */
const RATE_SECONDS = 3;
/** Percentiles are over this many seconds. */
const LATENCY_SECONDS = 5;

interface Percentiles {
  /** http_req_duration, ms; null without requests. */
  p50: number | null;
  p95: number | null;
  p99: number | null;
}

/** The numbers of the live view. p50, p95 and p99 are of the last seconds. */
export interface LiveStats extends Percentiles {
  /** The second shown, Unix time; null: nothing is running, or nothing of it has arrived yet. */
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

/**
 * @param second the last one that all running tasks have delivered, Unix seconds; null: none
 * @param isRunning whether a task's load has not ended
 */
export function liveStats(metrics: RunMetrics, second: number | null, isRunning: (task: number) => boolean): LiveStats {
  const rates = lastSeconds(metrics, second, RATE_SECONDS);
  return {
    second,
    vus: second === null ? 0 : (metrics.summed.vus.valueAt(second, { lastsIn: isRunning }) ?? 0),
    requestsPerSecond: rates.requests / rates.seconds,
    errorRate: rates.requests > 0 ? rates.failed / rates.requests : 0,
    ...percentiles(lastSeconds(metrics, second, LATENCY_SECONDS).duration),
    requests: metrics.counter('http_reqs').sum,
    iterations: metrics.counter('iterations').sum,
    checksFailed: metrics.rate('checks').fails,
  };
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
