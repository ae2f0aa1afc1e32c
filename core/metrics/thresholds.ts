import type { Threshold, ThresholdKey } from '../contract/plan.ts';
import { toNumber } from '../contract/window.ts';
import { aggregate, metricOfKey } from './metric.ts';
import type { RunMetrics } from './run-metrics.ts';

export interface KeyVerdict {
  key: string;
  thresholds: { source: string; ok: boolean }[];
  ok: boolean;
  /** Whether a failing threshold has abortOnFail, and its delay is over. */
  abort: boolean;
}

/**
 * Judges the thresholds as one k6 that took all samples would (metrics/thresholds.go, internal/metrics/engine). While
 * the test runs, keys without samples are not judged and pass; at the end every aggregate of an empty counter, gauge or
 * trend is 0, and an empty rate passes.
 * @param testMs how long the test has run: setup, load and teardown, ms
 */
export function judge(
  metrics: RunMetrics,
  keys: ThresholdKey[],
  testMs: number,
  { final }: { final: boolean },
): KeyVerdict[] {
  return keys.map((key) => {
    const metric = metricOfKey(metrics, key);
    const judged = final || metric.hasSamples;
    const failing: Threshold[] = judged
      ? key.thresholds.filter((threshold) => !passes(aggregate(metric, threshold, testMs), threshold))
      : [];
    return {
      key: key.key,
      thresholds: key.thresholds.map((threshold) => ({ source: threshold.source, ok: !failing.includes(threshold) })),
      ok: failing.length === 0,
      abort: failing.some(
        ({ abortOnFail, delayAbortEvalMs }) => abortOnFail && (delayAbortEvalMs === null || delayAbortEvalMs < testMs),
      ),
    };
  });
}

/** Whether a value passes a threshold; undefined, which is no value, does. */
export function passes(actual: number | undefined, { operator, value }: Threshold): boolean {
  if (actual === undefined) return true;
  const limit = toNumber(value);
  switch (operator) {
    case '<':
      return actual < limit;
    case '<=':
      return actual <= limit;
    case '>':
      return actual > limit;
    case '>=':
      return actual >= limit;
    case '==':
    case '===':
      return actual === limit;
    case '!=':
      return actual !== limit;
  }
}
