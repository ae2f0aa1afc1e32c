import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cpuReport } from '../../bench/cpu.ts';
import { memoryReport } from '../../bench/memory.ts';
import { costOf, mergingReport } from '../../bench/merging.ts';
import { errorsOf } from '../../bench/percentiles.ts';
import { cpuOf, parseTimes } from '../../bench/processes.ts';
import { isMet, markdown, table } from '../../bench/report.ts';
import { spreadOf, spreadText } from '../../bench/spread.ts';
import { verdictReport } from '../../bench/verdict.ts';
import { DirStore } from '../../stores/dir.ts';
import { foldWindow } from '../support/fold.ts';

const machine = { processor: 'a processor', processors: 2, node: 'v20.0.0', platform: 'linux x64' };

describe('spread', () => {
  test('the median lies between the extremes, half of the values on each side', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
        const { min, median, max } = spreadOf(values);
        expect(min).toBe(Math.min(...values));
        expect(max).toBe(Math.max(...values));
        expect(values.filter((value) => value < median).length).toBeLessThanOrEqual(values.length / 2);
        expect(values.filter((value) => value > median).length).toBeLessThanOrEqual(values.length / 2);
      }),
    );
  });

  test('is shown with its range where it has one', () => {
    expect(spreadText(spreadOf([1, 2, 4]), 1)).toBe('**2.0** (1.0 to 4.0)');
    expect(spreadText(spreadOf([1]), 0)).toBe('**1**');
  });
});

describe('CPU time', () => {
  test.each([
    ['dash', '0m0.000000s 0m0.010000s\n1m2.500000s 0m0.250000s\n', 62.75],
    ['bash', '0m0.001s 0m0.002s\n0m0.500s 0m0.100s\n', 0.6],
  ])('is read from the times of %s', (_, text, seconds) => {
    expect(parseTimes(text)).toBeCloseTo(seconds, 9);
  });

  test('refuses anything else', () => {
    expect(() => parseTimes('times: not found')).toThrow('not what times prints');
  });

  test('of a command that works, and the last words of one that fails', async () => {
    const loop = 'for (let end = process.cpuUsage().user + 50_000; process.cpuUsage().user < end; );';
    expect(await cpuOf(process.execPath, ['-e', loop])).toBeGreaterThan(0.04);
    await expect(cpuOf('sh', ['-c', 'echo no luck >&2; exit 3'])).rejects.toThrow(/exit code 3: no luck/);
  });
});

describe('reports', () => {
  test('CPU ratios are those of pairs that ran together', () => {
    const rounds: [number, number][] = [
      [110, 100],
      [200, 200],
      [51, 50],
    ];
    const { aims } = cpuReport([rounds, [[50, 100]], [[1, 1]], [[1, 1]]], 1000);
    expect(aims.map(({ value }) => value)).toEqual([1.02, 0.5]);
    expect(aims.every(isMet)).toBe(true);
  });

  test('a missed aim is shown as missed', () => {
    const text = markdown(
      [memoryReport([1, 2], [1e6, 9e6], [1e6, 2e6], true), verdictReport([900, 950], [1000, 1100])],
      machine,
    );
    expect(text).toContain('✗ memory at the last milestone, as a ratio to the first: 2, aim: at most 1.1');
    expect(text).toContain('✓ ms to the verdict: 925, aim: at most 1000');
    expect(text).toContain('grows by 9.0 times');
  });

  test('a table has a line for its head, one for the alignment and one a row', () => {
    expect(table(['', 'ms'], [['a', '1']])).toBe('|  | ms |\n| --- | ---: |\n| a | 1 |');
  });
});

test('merging is measured over the windows of all tasks', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'k6-fleet-test-'));
  try {
    const { lines } = foldWindow([{ metric: 'http_reqs', type: 'counter', value: 1, atMs: 1_000_000 }]);
    const cost = await costOf('1 cell', lines, { store: new DirStore(dir), tasks: 3, rounds: 2 });
    expect(cost.bytes).toBeGreaterThan(0);
    expect(cost.checkpointBytes).toBeGreaterThan(0);
    expect(mergingReport([cost], spreadOf([0.1]), 3, 2).rows).toHaveLength(1);
  } finally {
    await rm(dir, { recursive: true });
  }
});

test('merged percentiles are within half a bucket where averages are far off', () => {
  const errors = errorsOf((random, task) => (task === 0 ? 1000 : 10) * (1 + random()), 100);
  for (const { merged } of errors) expect(merged).toBeLessThanOrEqual(2 ** (1 / 128) / 2 - 0.5);
  expect(errors[0]?.averaged).toBeGreaterThan(1);
});
