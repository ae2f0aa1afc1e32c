import type { Threshold, ThresholdKey } from '../contract/plan.ts';
import { aggregate, metricOfKey } from './metric.ts';
import { toNumber } from './num.ts';
import type { RunMetrics } from './state.ts';

export interface KeyVerdict {
  key: string;
  thresholds: { source: string; ok: boolean }[];
  ok: boolean;
  /** A failing threshold asks for the run's abort. */
  abort: boolean;
}

/**
 * Judges the thresholds as k6 would judge all samples pooled (metrics/thresholds.go, internal/metrics/engine). While the
 * test runs, keys without samples are not judged yet and count as passed; at the end an empty counter, gauge or trend
 * has 0 for every aggregate, and an empty rate passes.
 * @param testMs how long the test has run: setup, load and teardown, ms
 */
export function judge(
  metrics: RunMetrics,
  keys: ThresholdKey[],
  testMs: number,
  { final }: { final: boolean },
): KeyVerdict[] {
  return keys.map((key) => {
    const measured = metricOfKey(metrics, key);
    const judged = final || measured.hasSamples;
    const failing: Threshold[] = judged
      ? key.thresholds.filter((threshold) => !passes(aggregate(measured, threshold, testMs), threshold))
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

/** Whether a threshold lets the value pass; undefined: there is nothing to judge. */
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
