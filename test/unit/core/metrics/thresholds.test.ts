import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Threshold } from '../../../../core/contract/plan.ts';
import type { MetricType } from '../../../../core/contract/window.ts';
import { metricOfKey, trendStat } from '../../../../core/metrics/metric.ts';
import { RunMetrics } from '../../../../core/metrics/run-metrics.ts';
import { judge, judgeAtFrontier } from '../../../../core/metrics/thresholds.ts';
import { foldWindow, type RawSample } from '../../../support/fold.ts';
import { pooledPercentile, pooledVerdict, threshold, thresholdKey } from '../../../support/pooled.ts';
import { testOf } from '../../../support/times.ts';

const CONTEXT = { startAtMs: 0, clockOffsetMs: 0 };
const OPERATORS = ['<', '<=', '>', '>=', '==', '===', '!='] as const;

function samplesOf(type: MetricType, values: number[], tags = {}): RawSample[] {
  return values.map((value, i) => ({ metric: 'm', type, value, tags, atMs: 1000 + i }));
}

function measured(type: MetricType, values: number[], thresholds: Threshold[]) {
  const keys = [thresholdKey('m', type, thresholds)];
  const metrics = new RunMetrics(keys);
  metrics.addWindow(foldWindow(samplesOf(type, values), { keys }), CONTEXT);
  return { keys, metrics };
}

function judged(type: MetricType, values: number[], thresholds: Threshold[], testMs = 1000) {
  const { keys, metrics } = measured(type, values, thresholds);
  return judge(metrics, keys, testOf(testMs))[0];
}

/** As judged while the run is under way, with all of the samples before the frontier. */
function judgedSoFar(type: MetricType, values: number[], thresholds: Threshold[], testMs = 1000) {
  const { keys, metrics } = measured(type, values, thresholds);
  metrics.frontier.advanceToEnd();
  return judgeAtFrontier(metrics, keys, testOf(testMs), () => true)[0];
}

describe('percentile thresholds', () => {
  // Few distinct values, because duplicates and limits equal to samples are the hard cases.
  const value = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(0.1, 0.2, 0.3, 1, 2, 3, 499.99, 500, 500.01, 1e9, 0) },
    { weight: 2, arbitrary: fc.double({ min: 0, max: 1000, noNaN: true }) },
    { weight: 1, arbitrary: fc.constantFrom(Infinity, -Infinity, -1, -500) },
  );
  const percentile = fc.oneof(
    fc.constantFrom(0, 1, 5, 25, 33.3, 50, 55, 75, 90, 95, 99, 99.9, 100),
    fc.double({ min: 0, max: 100, noNaN: true }),
  );
  const scenario = fc
    .tuple(fc.array(value, { maxLength: 24 }), fc.constantFrom<'p' | 'med'>('p', 'med'), percentile)
    .chain(([values, aggregate, p]) => {
      const exact = pooledPercentile(values, aggregate === 'med' ? 0.5 : p / 100);
      const near = [exact, ...values].flatMap((v) => [v, v * (1 + 2 ** -52), v * (1 - 2 ** -52), v - 0.001]);
      const limit = fc.oneof(value, fc.constantFrom(...near), fc.constantFrom(Infinity, -Infinity, NaN));
      return fc.record({
        values: fc.constant(values),
        aggregate: fc.constant(aggregate),
        percentile: fc.constant(p),
        limits: fc.array(limit, { minLength: 1, maxLength: 3 }),
        cuts: fc.array(fc.nat(3), { minLength: values.length, maxLength: values.length }),
      });
    });

  it('are judged as over all pooled samples, and the value shown agrees', () => {
    fc.assert(
      fc.property(scenario, fc.boolean(), ({ values, aggregate, percentile, limits, cuts }, sub) => {
        const more = aggregate === 'p' ? { percentile } : {};
        const thresholds = limits.flatMap((limit) =>
          OPERATORS.map((operator) => threshold(aggregate, operator, limit, more)),
        );
        const keys = [thresholdKey(sub ? 'm{a:b}' : 'm', 'trend', thresholds)];
        const metrics = new RunMetrics(keys);
        for (const task of [0, 1, 2, 3]) {
          const own = values.filter((_, i) => cuts[i] === task);
          const samples = [
            ...samplesOf('trend', own, { a: 'b' }),
            ...(sub ? samplesOf('trend', [5, 7], { a: 'c' }) : []),
          ];
          metrics.addWindow(foldWindow(samples, { task, keys }), CONTEXT);
        }
        const [verdict] = judge(metrics, keys, testOf(1000));
        expect(verdict?.thresholds).toEqual(
          thresholds.map((t) => ({ source: t.source, ok: pooledVerdict(values, t) })),
        );
        const shown = metricOfKey(metrics, keys[0] as (typeof keys)[0], testOf(1000));
        if (shown.values.type !== 'trend') throw new Error('not a trend');
        const stat = trendStat(shown.values, shown.pivots, aggregate === 'p' ? `p(${percentile})` : 'med') as number;
        for (const limit of limits) {
          expect(stat < limit).toBe(pooledVerdict(values, threshold(aggregate, '<', limit, more)));
          expect(stat === limit).toBe(pooledVerdict(values, threshold(aggregate, '===', limit, more)));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('uses the interpolated value if the limit lies between two samples', () => {
    const ok = (limit: number) => judged('trend', [1, 3], [threshold('p', '<', limit, { percentile: 75 })])?.ok;
    expect([ok(2.5), ok(2.51)]).toEqual([false, true]);
  });
});

describe('judge', () => {
  it.each<[string, MetricType, Threshold, boolean]>([
    ['an empty counter has count 0', 'counter', threshold('count', '>', 0), false],
    ['an empty counter has rate 0', 'counter', threshold('rate', '<', 1), true],
    ['an empty gauge has value 0', 'gauge', threshold('value', '>', 0), false],
    ['an empty trend has avg 0', 'trend', threshold('avg', '>', 0), false],
    ['an empty trend has min 0', 'trend', threshold('min', '===', 0), true],
    ['an empty trend has max 0', 'trend', threshold('max', '===', 0), true],
    ['an empty trend has p(95) 0', 'trend', threshold('p', '>', 0, { percentile: 95 }), false],
    ['an empty rate passes', 'rate', threshold('rate', '>', 0.5), true],
  ])('%s at the end', (_, type, t, ok) => {
    expect(judged(type, [], [t])?.ok).toBe(ok);
  });

  it('does not judge keys without samples while the test runs', () => {
    const verdict = judgedSoFar('counter', [], [threshold('count', '>', 0, { abortOnFail: true })]);
    const thresholds = [{ source: 'count>0', ok: true, state: 'undecided' }];
    expect(verdict).toEqual({ key: 'm', thresholds, ok: true, abort: false });
  });

  it('divides counters by the time of the test, and lets a rate pass if there was none', () => {
    const t = threshold('rate', '===', 2.5);
    expect(judged('counter', [2, 3], [t], 2000)?.ok).toBe(true);
    expect(judged('counter', [2, 3], [t], 0)?.ok).toBe(true);
    expect(judged('counter', [2, 3], [t], 1000)?.ok).toBe(false);
  });

  it.each<[MetricType, Threshold]>([
    ['counter', threshold('count', '===', 6)],
    ['gauge', threshold('value', '===', 3)],
    ['rate', threshold('rate', '===', 1)],
    ['trend', threshold('avg', '===', 2)],
    ['trend', threshold('min', '===', 1)],
    ['trend', threshold('max', '===', 3)],
  ])('judges a %s directly', (type, t) => {
    expect(judged(type, [1, 2, 3], [t])?.ok).toBe(true);
    expect(judged(type, [1, 2, 3], [{ ...t, operator: '!=' }])?.ok).toBe(false);
  });

  it.each([
    [null, 0, true],
    [1000, 1000, false],
    [1000, 1001, true],
  ])('aborts with a delay of %s ms after %s ms: %s', (delayAbortEvalMs, testMs, abort) => {
    const t = threshold('count', '>', 9, { abortOnFail: true, delayAbortEvalMs });
    expect(judgedSoFar('counter', [1], [t], testMs)?.abort).toBe(abort);
  });

  it('does not abort for a threshold that passes, or that has no abortOnFail', () => {
    const holds = threshold('count', '<', 9, { abortOnFail: true });
    const silent = threshold('count', '>', 9);
    expect(judgedSoFar('counter', [1], [holds, silent])).toMatchObject({ ok: false, abort: false });
  });

  it.each<[string, MetricType, Threshold, string]>([
    ['a count that may still get there', 'counter', threshold('count', '>', 9), 'undecided'],
    ['a count that has got there', 'counter', threshold('count', '>=', 6), 'passing'],
    ['a count that can never come back', 'counter', threshold('count', '<', 6), 'failing'],
    ['a count below its limit', 'counter', threshold('count', '<', 7), 'passing'],
    ['a count that may still be equal', 'counter', threshold('count', '==', 7), 'undecided'],
    ['a count that is past it', 'counter', threshold('count', '===', 5), 'failing'],
    ['a count that will move off', 'counter', threshold('count', '!=', 6), 'undecided'],
    ['a rate per second', 'counter', threshold('rate', '>', 9), 'failing'],
    ['a maximum that may still grow', 'trend', threshold('max', '>', 3), 'undecided'],
    ['a maximum that is too great', 'trend', threshold('max', '<', 3), 'failing'],
    ['a minimum that may still fall', 'trend', threshold('min', '<', 1), 'undecided'],
    ['a minimum that is too small', 'trend', threshold('min', '>', 1), 'failing'],
    ['an average', 'trend', threshold('avg', '>', 9), 'failing'],
    ['a percentile', 'trend', threshold('p', '>', 9, { percentile: 95 }), 'failing'],
    ['a rate', 'rate', threshold('rate', '<', 1), 'failing'],
    ['a gauge', 'gauge', threshold('value', '<', 1), 'failing'],
  ])('%s is shown as it stands', (_, type, t, state) => {
    const verdict = judgedSoFar(type, [1, 2, 3], [{ ...t, abortOnFail: true }]);
    expect(verdict?.thresholds).toEqual([{ source: t.source, ok: state === 'passing', state }]);
    // An undecided threshold fails as of now, and k6 aborts on it.
    expect(verdict?.abort).toBe(state !== 'passing');
  });
});
