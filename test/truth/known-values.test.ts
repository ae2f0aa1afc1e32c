import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { Sandbox } from '../support/fleet.ts';

/** Relative half-width of a histogram bucket at scale 7: what a shown percentile may be off by. */
const HALF_BUCKET = (2 ** (1 / 128) - 1) / 2;
const ITERATIONS = 700;

/**
 * The value of iteration i. Iterations are striped over the tasks, and a few values are huge: the average of the tasks'
 * percentiles would be far from the percentile of all values.
 */
const value = (i: number) => (i % 7 === 0 ? 1000 + i : 1 + (i % 13) / 10);
const values = Array.from({ length: ITERATIONS }, (_, i) => value(i)).sort((a, b) => a - b);

/** k6's percentile of all samples (metrics/sink.go). */
function pooled(percentile: number): number {
  const rank = (percentile / 100) * (values.length - 1);
  const low = values[Math.floor(rank)] ?? 0;
  const high = values[Math.ceil(rank)] ?? 0;
  return low + (high - low) * (rank - Math.floor(rank));
}

const p90 = pooled(90);
const edge = values[630] ?? 0;
/** Threshold expressions at the very edge, with what they must say. */
const expressions: [string, boolean][] = [
  [`p(90)<${p90}`, false],
  [`p(90)<=${p90}`, true],
  [`p(90)==${p90}`, true],
  [`p(90)!=${p90}`, false],
  [`p(90)>=${p90}`, true],
  [`p(90)>${p90}`, false],
  [`p(90)<${p90 + 1e-9}`, true],
  [`med<${pooled(50) + 1e-12}`, true],
  [`med<${pooled(50)}`, false],
  [`p(99.9)<${pooled(99.9)}`, false],
  [`p(99.9)<=${pooled(99.9)}`, true],
  [`p(100)==${values.at(-1)}`, true],
  [`p(0)==${values[0]}`, true],
  [`p(91)>${edge}`, pooled(91) > edge],
  [`max==${values.at(-1)}`, true],
  [`min==${values[0]}`, true],
];

const script = `
import exec from 'k6/execution';
import { check, group } from 'k6';
import { Counter, Gauge, Rate, Trend } from 'k6/metrics';
const trend = new Trend('known');
const counter = new Counter('sum_of_numbers');
const rate = new Rate('every_third');
const gauge = new Gauge('numbers');
export const options = {
  scenarios: { all: { executor: 'shared-iterations', vus: 14, iterations: ${ITERATIONS} } },
  thresholds: {
    known: ${JSON.stringify(expressions.map(([source]) => source))},
    'known{parity:even}': ['p(50)>1', 'max<${(values.at(-1) ?? 0) + 1}'],
    sum_of_numbers: ['count==${(ITERATIONS * (ITERATIONS - 1)) / 2}'],
    every_third: ['rate>0.3'],
  },
  summaryTrendStats: ['count', 'avg', 'min', 'med', 'max', 'p(90)', 'p(99.9)'],
};
const value = ${value.toString()};
export default function () {
  const i = exec.scenario.iterationInTest;
  trend.add(value(i), { parity: i % 2 === 0 ? 'even' : 'odd' });
  counter.add(i);
  rate.add(i % 3 === 0);
  gauge.add(i);
  group('outer', () => group('inner', () => check(i, { 'below 600': (n) => n < 600 })));
}
`;

const sandbox = await Sandbox.create();

describe.each([1, 2, 3, 7])('%i tasks', (tasks) => {
  test('count, judge and summarise as one k6 that saw every sample', async () => {
    const path = await sandbox.script('known.js', script);
    const summaryFile = sandbox.path('summary.json');
    const { result, code } = await sandbox.run(path, ['--tasks', String(tasks), '--summary', summaryFile]);
    expect(code).toBe(99); // some expressions are there to fail
    const known = result?.metrics.known;
    const sum = values.reduce((total, v) => total + v, 0);

    expect(known?.values.count).toBe(ITERATIONS);
    expect(known?.values.min).toBe(values[0]);
    expect(known?.values.max).toBe(values.at(-1));
    expect(known?.values.avg).toBeCloseTo(sum / ITERATIONS, 8);
    for (const percentile of [90, 95, 99, 99.9]) {
      const shown = known?.values[`p(${percentile})`] ?? 0;
      const truth = pooled(percentile);
      expect(Math.abs(shown - truth) / truth, `p(${percentile})`).toBeLessThanOrEqual(HALF_BUCKET * 1.0001);
    }
    expect(known?.thresholds).toEqual(expressions.map(([source, ok]) => ({ source, ok })));

    const even = result?.metrics['known{parity:even}'];
    expect(even?.values.count).toBe(ITERATIONS / 2);
    expect(even?.thresholds.map(({ ok }) => ok)).toEqual([true, true]);

    expect(result?.metrics.sum_of_numbers?.values.count).toBe((ITERATIONS * (ITERATIONS - 1)) / 2);
    expect(result?.metrics.every_third?.values).toMatchObject({ passes: 234, fails: 466 });
    expect(result?.metrics.numbers?.values).toMatchObject({ min: 0, max: ITERATIONS - 1 });
    expect(result?.metrics.iterations?.values.count).toBe(ITERATIONS);
    expect(result?.checks).toEqual([{ name: 'below 600', group: '::outer::inner', passes: 600, fails: 100 }]);
    expect(result?.tasks).toHaveLength(tasks);
    expect(result?.tasks.reduce((total, task) => total + task.iterations, 0)).toBe(ITERATIONS);

    const summary = JSON.parse(await readFile(summaryFile, 'utf8'));
    expect(Object.keys(summary.metrics.known.values)).toEqual([
      'count',
      'avg',
      'min',
      'med',
      'max',
      'p(90)',
      'p(99.9)',
    ]);
    expect(summary.root_group.groups[0].groups[0].checks[0]).toMatchObject({ passes: 600, fails: 100 });
  });
});
