import type { Threshold, ThresholdKey } from '../contract/plan.ts';
import type { ThresholdState } from '../contract/progress.ts';
import { toNumber } from '../contract/window.ts';
import { aggregate, type Metric, metricAtFrontier, metricOfKey } from './metric.ts';
import type { RunMetrics } from './run-metrics.ts';
import { type TestTimes, testDuration } from './test-times.ts';

export interface KeyVerdict {
  key: string;
  thresholds: { source: string; ok: boolean }[];
  ok: boolean;
}

/** The verdict on a key while the run is under way. */
export interface InterimVerdict extends KeyVerdict {
  thresholds: { source: string; ok: boolean; state: ThresholdState }[];
  /** Whether a failing threshold has abortOnFail, and its delay is over. */
  abort: boolean;
}

/**
 * Judges the thresholds at the end, as one k6 that took all samples would (metrics/thresholds.go, internal/metrics/engine).
 * Every aggregate of an empty counter, gauge or trend is 0, and an empty rate passes.
 */
export function judge(metrics: RunMetrics, keys: ThresholdKey[], times: TestTimes): KeyVerdict[] {
  const testMs = testDuration(times);
  return keys.map((key) => {
    const metric = metricOfKey(metrics, key, times);
    const thresholds = key.thresholds.map((threshold) => ({
      source: threshold.source,
      ok: passes(aggregate(metric, threshold, testMs), threshold),
    }));
    return { key: key.key, thresholds, ok: thresholds.every(({ ok }) => ok) };
  });
}

/**
 * Judges the thresholds at the frontier, as one k6 that took these samples would at that moment. A key without samples is
 * not judged and passes.
 * @param times up to the frontier
 * @param isRunning whether a task's load has not ended
 */
export function judgeAtFrontier(
  metrics: RunMetrics,
  keys: ThresholdKey[],
  times: TestTimes,
  isRunning: (task: number) => boolean,
): InterimVerdict[] {
  const testMs = testDuration(times);
  return keys.map((key) => {
    const metric = metricAtFrontier(metrics, key, times, isRunning);
    const judged = key.thresholds.map((threshold) => {
      const actual = metric.hasSamples ? aggregate(metric, threshold, testMs) : undefined;
      const ok = passes(actual, threshold);
      return { threshold, ok, state: stateOf(metric, threshold, actual, ok) };
    });
    return {
      key: key.key,
      thresholds: judged.map(({ threshold, ok, state }) => ({ source: threshold.source, ok, state })),
      ok: judged.every(({ ok }) => ok),
      abort: judged.some(({ threshold, ok }) => !ok && threshold.abortOnFail && isDue(threshold, testMs)),
    };
  });
}

/** Whether the delay of a threshold with abortOnFail is over. */
const isDue = ({ delayAbortEvalMs }: Threshold, testMs: number): boolean =>
  delayAbortEvalMs === null || delayAbortEvalMs < testMs;

/** In which direction a value can move while the run is under way: a count and a maximum grow, a minimum falls. */
function directionOf({ values }: Metric, { aggregate: name }: Threshold): 'up' | 'down' | 'both' {
  if (values.type === 'counter' && name === 'count') return 'up';
  if (values.type === 'trend' && name === 'max') return 'up';
  return values.type === 'trend' && name === 'min' ? 'down' : 'both';
}

/** What fails now and can still pass, since its value moves towards the limit only, is undecided. */
function stateOf(metric: Metric, threshold: Threshold, actual: number | undefined, ok: boolean): ThresholdState {
  if (!metric.hasSamples) return 'undecided';
  if (ok || actual === undefined) return 'passing';
  const limit = toNumber(threshold.value);
  const isAhead = { up: limit > actual, down: limit < actual, both: false }[directionOf(metric, threshold)];
  const canPass = {
    '>': directionOf(metric, threshold) === 'up',
    '>=': directionOf(metric, threshold) === 'up',
    '<': directionOf(metric, threshold) === 'down',
    '<=': directionOf(metric, threshold) === 'down',
    '==': isAhead,
    '===': isAhead,
    '!=': directionOf(metric, threshold) !== 'both',
  }[threshold.operator];
  return canPass ? 'undecided' : 'failing';
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
