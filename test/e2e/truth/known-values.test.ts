import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { Sandbox } from '../../support/fleet.ts';
import { expressions, ITERATIONS, knownScript, pooled, values } from './known-script.ts';

/** Relative half-width of a histogram bucket at scale 7: what a shown percentile may be off by. */
const HALF_BUCKET = (2 ** (1 / 128) - 1) / 2;
const sandbox = await Sandbox.create();

describe.each([1, 2, 3, 7])('%i tasks', (tasks) => {
  test('count, judge and summarise as one k6 that saw every sample', async () => {
    const path = await sandbox.script('known.js', knownScript);
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
