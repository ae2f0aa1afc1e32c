import { expect, test } from 'vitest';
import type { ScenarioPlan } from '../../../../../core/contract/plan.ts';
import { RunMetrics } from '../../../../../core/metrics/run-metrics.ts';
import { loadProgress, minimumLoadMs } from '../../../../../core/run/report/scenario-progress.ts';
import { foldWindow, type RawSample } from '../../../../support/fold.ts';

const shop = {
  ...{ name: 'shop', executor: 'shared-iterations' },
  ...{ startMs: 0, durationMs: 600_000, iterations: 100 },
};
const api = { name: 'api', executor: 'constant-vus', startMs: 10_000, durationMs: 30_000, iterations: null };

/** Iterations by scenario; null: their samples have no such tag. */
function metricsOf(iterations: [scenario: string | null, count: number][]): RunMetrics {
  const metrics = new RunMetrics([]);
  const samples = iterations.map(([scenario, value]): RawSample => {
    const tags: Record<string, string> = scenario === null ? {} : { scenario };
    return { metric: 'iterations', type: 'counter', value, atMs: 5000, tags };
  });
  metrics.addWindow(foldWindow(samples), { startAtMs: 0, clockOffsetMs: 0 });
  return metrics;
}

const progressOf = (scenarios: ScenarioPlan[], iterations: [string | null, number][], elapsedMs: number) =>
  loadProgress({ scenarios }, metricsOf(iterations), elapsedMs);

test('a scenario with a number of iterations is as far as these are, not as its maximum duration', () => {
  expect(progressOf([shop], [['shop', 60]], 12_000)).toEqual({
    progress: 0.6,
    scenarios: [{ name: 'shop', executor: 'shared-iterations', done: 60, total: 100, unit: 'iterations' }],
    moreScenarios: 0,
  });
  expect(progressOf([shop], [['shop', 6]], 300_000).progress).toBe(0.5); // it ends with its maximum duration
  expect(progressOf([shop], [[null, 60]], 12_000).progress).toBe(0.6); // without the tag there is no other scenario
});

test('the load is as far as the scenario that is the farthest from its end', () => {
  const iterations: [string, number][] = [
    ['shop', 60],
    ['api', 7],
  ];
  const { progress, scenarios } = progressOf([shop, api], iterations, 16_000);
  expect(scenarios).toEqual([
    { name: 'shop', executor: 'shared-iterations', done: 60, total: 100, unit: 'iterations' },
    { name: 'api', executor: 'constant-vus', done: 6000, total: 30_000, unit: 'ms' },
  ]);
  expect(progress).toBe(0.4); // of the 40 s to the end of api
  expect(progressOf([shop, api], iterations, 39_000).progress).toBe(0.6);
  expect(progressOf([shop, api], [['shop', 100]], 50_000).progress).toBe(1);
  expect(progressOf([shop, api], [], 0).progress).toBe(0);
});

test('iterations that cannot be told apart are measured by time', () => {
  const { scenarios } = progressOf([shop, api], [[null, 60]], 12_000);
  expect(scenarios[0]).toMatchObject({ done: 12_000, total: 600_000, unit: 'ms' });
});

test('more scenarios than fifty are counted only, but part of the progress', () => {
  const many = Array.from({ length: 60 }, (_, i) => ({ ...api, name: `s${i}`, durationMs: 10_000 * (i + 1) }));
  const { progress, scenarios, moreScenarios } = progressOf(many, [], 61_000);
  expect(scenarios).toHaveLength(50);
  expect(moreScenarios).toBe(10);
  expect(progress).toBe(0.1);
});

test('no more than all iterations are done, and a scenario of none is', () => {
  expect(progressOf([shop], [['shop', 101]], 0).scenarios[0]?.done).toBe(100);
  expect(progressOf([{ ...shop, iterations: 0 }], [], 0).progress).toBe(1);
});

test('iterations leave the duration open', () => {
  expect(minimumLoadMs({ scenarios: [shop] })).toBe(0);
  expect(minimumLoadMs({ scenarios: [shop, api] })).toBe(40_000);
});
