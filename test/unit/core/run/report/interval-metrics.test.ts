import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Plan } from '../../../../../core/contract/plan.ts';
import { RunMetrics } from '../../../../../core/metrics/run-metrics.ts';
import { IntervalAggregator } from '../../../../../core/run/report/interval-metrics.ts';
import { MAX_VALUES } from '../../../../../core/run/report/latency-delta.ts';
import { initialState, type RunState } from '../../../../../core/run/state.ts';
import { foldWindow, type RawSample } from '../../../../support/fold.ts';
import { planOf } from '../../../../support/sim/plan.ts';

const START = 1_000;
const at = (second: number) => (START + second) * 1000;
const CONTEXT = { startAtMs: at(0), clockOffsetMs: 0 };

interface Request {
  ms: number;
  failed?: boolean;
}

/** One second of a task's samples. */
function samples(second: number, requests: readonly Request[], vus = 1): RawSample[] {
  const atMs = at(second) + 500;
  const request = ({ ms, failed }: Request): RawSample[] => [
    { metric: 'http_reqs', type: 'counter', value: 1, atMs },
    { metric: 'http_req_failed', type: 'rate', value: failed ? 1 : 0, atMs },
    { metric: 'http_req_duration', type: 'trend', value: ms, atMs },
  ];
  return [...requests.flatMap(request), { metric: 'vus', type: 'gauge', value: vus, atMs }];
}

/** A run of one task that measures, second by second. */
function running(shape: { target?: Plan['target']; vus?: number } = {}) {
  const plan: Plan = { ...planOf({ tasks: 1, durationMs: 600_000, target: shape.target ?? null }) };
  plan.tasks[0] = { ...(plan.tasks[0] as Plan['tasks'][0]), vus: shape.vus ?? 1 };
  const state: RunState = { ...initialState(plan, at(-10)), phase: 'running', startAt: at(0) };
  const metrics = new RunMetrics([]);
  let seq = 0;
  const measure = (second: number, requests: readonly Request[], vus?: number) => {
    metrics.addWindow(foldWindow(samples(second, requests, vus), { seq: seq++ }), CONTEXT);
    metrics.frontier.advance(START + second);
  };
  const read = (second: number, desired: number, running: number, pending = 0) =>
    state.readings.push({ at: at(second), desired, running, pending });
  return { plan, state, metrics, measure, read, aggregator: new IntervalAggregator({ plan, state, metrics }) };
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

describe('IntervalAggregator', () => {
  it('counts each sample once, however late its window arrives', () => {
    const { aggregator, measure } = running();
    measure(0, [{ ms: 10 }, { ms: 20, failed: true }]);
    expect(aggregator.next(at(2))).toMatchObject({ requests: 2, failures: 1, last: false, at: at(2) });
    expect(aggregator.next(at(4))).toMatchObject({ requests: 0, failures: 0, latency: { values: [] } });
    measure(1, [{ ms: 10 }]); // of the second before the first interval's end
    const late = aggregator.next(at(6));
    expect(late).toMatchObject({ requests: 1, failures: 0, latency: { counts: [1] } });
    expect(late.latency.values[0]).toBeCloseTo(10, 0);
  });

  it('continues from the checkpoint of another leg', () => {
    const { plan, aggregator, state, metrics, measure } = running();
    measure(0, [{ ms: 10 }]);
    expect(aggregator.next(at(2)).requests).toBe(1);
    const restored: RunMetrics = RunMetrics.fromJson(JSON.parse(JSON.stringify(metrics.toJson())), []);
    const next = new IntervalAggregator({ plan, state, metrics: restored });
    restored.addWindow(foldWindow(samples(1, [{ ms: 10 }, { ms: 30 }]), { seq: 1 }), CONTEXT);
    const interval = next.next(at(4));
    expect(interval.requests).toBe(2);
    expect(sum(interval.latency.counts)).toBe(2);
  });

  it('ends with zeros, so that no alarm stays up', () => {
    const { aggregator } = running({ target: { observe: 'stack' } });
    const { at: moment, last, latency, target, conditions, ...figures } = aggregator.last(at(9));
    expect([moment, last, latency]).toEqual([at(9), true, { values: [], counts: [] }]);
    expect(target).toEqual({ desired: 0, running: 0, pending: 0 });
    expect(Object.values(figures).every((figure) => figure === 0)).toBe(true);
    expect(Object.values(conditions).some(Boolean)).toBe(false);
    expect(running().aggregator.last(at(9)).target).toBeNull();
  });

  it('counts lost tasks and shows VUs and the latest reading', () => {
    const { aggregator, state, metrics, measure, read } = running();
    measure(0, [{ ms: 1 }], 7);
    read(0, 3, 2, 1);
    metrics.frontier.advance(START);
    const lost = { exitCode: null, endedAt: at(1), lost: 'gone', message: null };
    state.tasks.push({ ...(state.tasks[0] as RunState['tasks'][0]), outcome: lost });
    const target = { desired: 3, running: 2, pending: 1 };
    expect(aggregator.next(at(1))).toMatchObject({ vus: 7, tasksLost: 1, target });
  });

  it('keeps every count and the range, in at most 150 values', () => {
    const ms = fc.oneof(
      fc.double({ min: 0, max: 60_000, noNaN: true }),
      fc.integer({ min: -20, max: 40 }).map((exponent) => 2 ** exponent),
      fc.constant(0),
    );
    const intervals = fc.array(fc.array(ms, { maxLength: 400 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(intervals, (all) => {
        const { aggregator, measure } = running();
        all.forEach((values, second) => {
          measure(
            second,
            values.map((value) => ({ ms: value })),
          );
          const { values: published, counts } = aggregator.next(at(second)).latency;
          expect(sum(counts)).toBe(values.length);
          expect(published.length).toBeLessThanOrEqual(MAX_VALUES);
          expect(published).toEqual([...new Set(published)].sort((a, b) => a - b));
          const seen = all.slice(0, second + 1).flat();
          for (const value of published) {
            expect(value).toBeGreaterThanOrEqual(Math.min(...seen));
            expect(value).toBeLessThanOrEqual(Math.max(...seen));
          }
          const [mean, true_] = [sum(published.map((v, i) => v * (counts[i] ?? 0))), sum(values)];
          expect(Math.abs(mean - true_)).toBeLessThanOrEqual(0.003 * true_ + 1e-9);
        });
      }),
      { numRuns: 50 },
    );
  });

  it('keeps latencies from 1 ms to 10 s to 7 %', () => {
    const { aggregator, measure } = running();
    const values = Array.from({ length: 4000 }, (_, i) => 10 ** ((4 * i) / 4000));
    measure(
      0,
      values.map((ms) => ({ ms })),
    );
    const { latency } = aggregator.next(at(1));
    const published = latency.values.flatMap((value, i) => Array.from({ length: latency.counts[i] ?? 0 }, () => value));
    values.forEach((value, i) => {
      expect(Math.abs((published[i] ?? 0) / value - 1)).toBeLessThan(0.07);
    });
  });
});

describe('conditions', () => {
  const scaleOut: Plan['target'] = { observe: 'stack', scaleOutWithinMs: 60_000 };

  it('raises none before the start', () => {
    const { aggregator, state } = running({ target: scaleOut });
    state.startAt = null;
    const { conditions } = aggregator.next(at(-5));
    expect(Object.values(conditions)).toEqual([false, false, false, false, false]);
  });

  it('notScaledOut: from the allowed time on, until the running count has risen', () => {
    const { aggregator, measure, read } = running({ target: scaleOut });
    for (let s = 0; s <= 80; s++) measure(s, [{ ms: 10 }]);
    read(0, 2, 2);
    const looks = [
      [60, 2, 2, false, null],
      [61, 2, 2, true, null],
      [70, 4, 2, true, null],
      [80, 4, 4, false, 80],
    ] as const;
    for (const [second, desired, up, notScaledOut, lag] of looks) {
      read(second, desired, up);
      const { conditions, scalingLagSeconds } = aggregator.next(at(second));
      expect([second, conditions.notScaledOut, scalingLagSeconds]).toEqual([second, notScaledOut, lag]);
    }
  });

  it('notScaledOut: what comes before the spike is no rise of the load', () => {
    const { aggregator, measure, read } = running({ target: scaleOut, vus: 100 });
    for (let s = 0; s <= 120; s++) measure(s, [{ ms: 10 }], 10);
    read(0, 2, 2);
    read(120, 2, 2);
    expect(aggregator.next(at(120)).conditions.notScaledOut).toBe(false);
    for (let s = 121; s <= 190; s++) measure(s, [{ ms: 10 }], 100);
    read(181, 2, 2);
    expect(aggregator.next(at(181)).conditions.notScaledOut).toBe(false);
    read(190, 2, 2);
    expect(aggregator.next(at(190)).conditions.notScaledOut).toBe(true);
  });

  it('notScaledOut: nothing is known of a target that could not be read', () => {
    const { aggregator, measure } = running({ target: scaleOut });
    for (let s = 0; s <= 80; s++) measure(s, [{ ms: 10 }]);
    expect(aggregator.next(at(80)).conditions.notScaledOut).toBe(false);
  });

  it.each([
    { maximum: 4, up: 4, failed: 1, of: 10, expected: true },
    { maximum: 4, up: 3, failed: 1, of: 10, expected: false },
    { maximum: 4, up: 4, failed: 0, of: 10, expected: false },
    { maximum: null, up: 4, failed: 1, of: 10, expected: false },
  ])('atMaximum: $up of $maximum tasks, $failed of $of failed', ({ maximum, up, failed, of, expected }) => {
    const { aggregator, state, measure, read } = running({ target: { observe: 'stack', maxErrorRate: 0.01 } });
    state.targetMaximum = maximum;
    measure(
      0,
      Array.from({ length: of }, (_, i) => ({ ms: 1, failed: i < failed })),
    );
    read(0, up, up);
    expect(aggregator.next(at(1)).conditions.atMaximum).toBe(expected);
  });

  it.each([
    { maxErrorRate: 0.01, failed: 1, pending: 0, desired: 3, expected: false },
    { maxErrorRate: 0.01, failed: 2, pending: 0, desired: 3, expected: true },
    { maxErrorRate: undefined, failed: 9, pending: 0, desired: 3, expected: false }, // the script names no budget
    { maxErrorRate: 0.05, failed: 2, pending: 0, desired: 3, expected: false },
    { maxErrorRate: 0, failed: 1, pending: 1, desired: 2, expected: true },
    { maxErrorRate: 0, failed: 1, pending: 0, desired: 2, expected: false },
  ])('errorsWhileScaling: $failed % failed, $desired desired, $pending pending, $maxErrorRate allowed', (row) => {
    const { maxErrorRate, failed, pending, desired, expected } = row;
    const target = { observe: 'stack', ...(maxErrorRate !== undefined && { maxErrorRate }) };
    const { aggregator, measure, read } = running({ target });
    measure(
      0,
      Array.from({ length: 100 }, (_, i) => ({ ms: 1, failed: i < failed })),
    );
    read(0, desired, 2, pending);
    expect(aggregator.next(at(1)).conditions.errorsWhileScaling).toBe(expected);
    // Only the last interval counts.
    measure(1, [{ ms: 1 }]);
    expect(aggregator.next(at(2)).conditions.errorsWhileScaling).toBe(false);
  });

  it('notRecovered: once the time is over and p95 is still above its bound', () => {
    const target = { observe: null, recoverWithin: { p95Ms: 100, withinMs: 20_000 } };
    const { aggregator, measure } = running({ target });
    const seen: [number, boolean][] = [];
    for (let s = 0; s <= 40; s++) {
      measure(s, [{ ms: s < 30 ? 500 : 10 }]);
      if ([10, 20, 24, 29, 32, 40].includes(s)) {
        seen.push([s, aggregator.next(at(s)).conditions.notRecovered]);
      }
    }
    expect(seen).toEqual([
      [10, false],
      [20, false],
      [24, true], // three points later: until then it could have recovered in time
      [29, true],
      [32, false],
      [40, false],
    ]);
  });

  it('notRecovered: from a relapse after the limit to the end', () => {
    const target = { observe: null, recoverWithin: { p95Ms: 100, withinMs: 20_000 } };
    const { aggregator, measure } = running({ target });
    const seen: [number, boolean][] = [];
    for (let s = 0; s <= 60; s++) {
      measure(s, [{ ms: s < 5 || (s >= 40 && s < 42) ? 500 : 10 }]);
      if ([10, 30, 39, 44, 60].includes(s)) seen.push([s, aggregator.next(at(s)).conditions.notRecovered]);
    }
    expect(seen).toEqual([
      [10, false],
      [30, false],
      [39, false],
      [44, true],
      [60, true],
    ]);
  });

  it('generatorSaturated: as the result says', () => {
    const { aggregator, metrics, measure } = running();
    measure(0, [{ ms: 1 }]);
    expect(aggregator.next(at(1)).conditions.generatorSaturated).toBe(false);
    const dropped: RawSample = { metric: 'dropped_iterations', type: 'counter', value: 1, atMs: at(1) };
    metrics.addWindow(foldWindow([dropped], { seq: 9 }), CONTEXT);
    expect(aggregator.next(at(2)).conditions.generatorSaturated).toBe(true);
  });
});
