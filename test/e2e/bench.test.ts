import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LegFigures, quantiles } from '../../bench/aws/leg-meter.ts';
import { measuredUntil, SimulatedTasks } from '../../bench/aws/tasks.ts';
import type { BenchContext } from '../../bench/context.ts';
import { benchLaunching, launchingReport, mostWithin } from '../../bench/launching.ts';
import { benchLeg, type LegFound, legReport } from '../../bench/leg.ts';
import { allEnded } from '../../bench/processes.ts';
import { isMet, type Report } from '../../bench/report.ts';
import { benchRequests, type CountedLeg, requestsReport } from '../../bench/requests.ts';
import { benchResources } from '../../bench/resources.ts';
import { taskKeys } from '../../core/contract/keys.ts';
import { awsTiming } from '../../core/plan/build.ts';
import { k6Binary } from '../support/fleet.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'k6-fleet-test-'));
});
afterAll(async () => {
  await allEnded();
  await rm(dir, { recursive: true });
});

/** What `npm run bench -- --quick` gives a benchmark. */
const quickly = async (): Promise<BenchContext> => ({
  k6: k6Binary,
  dir: await mkdtemp(join(dir, 'bench-')),
  quick: true,
  full: false,
  log: () => undefined,
});

const cells = (report: Report, row: number): Record<string, string> =>
  Object.fromEntries(report.head.map((name, column) => [name, report.rows[row]?.[column] ?? '']));

// They wait most of their time.
describe.concurrent('a quick benchmark of', () => {
  test('launching: every task once, and those again for which there was no room', async () => {
    const report = await benchLaunching(await quickly());
    expect(cells(report, 0)).toMatchObject({ tasks: '40', refused: '0 %', 'RunTask calls': '40' });
    expect(Number(cells(report, 1)['RunTask calls'])).toBeGreaterThan(40);
    expect(report.aims).toHaveLength(1);
  });

  test('the leg: the windows of tasks reach the coordinator by its own clients', async () => {
    const report = await benchLeg(await quickly());
    const [{ figures }] = report.data as [LegFound];
    expect(figures.perSecond['GET window']).toBeGreaterThan(0);
    expect(figures.delay.max).toBeGreaterThan(0);
    expect(figures.windowBytes).toBeGreaterThan(100);
    expect(report.rows[0]).toHaveLength(report.head.length);
    expect(report.rows[0]?.[0]).toBe('20 tasks, a window every 2 s, a poll every 1 s, cells of 1 s');
  });

  test('requests: those of real workers and of a simulated fleet’s coordinator', async () => {
    const { data, rows, head } = await benchRequests(await quickly());
    const { leg, run } = data as { leg: CountedLeg; run: { advanceLoad: object; inAll: object } };
    expect(leg.counts).toMatchObject({ 'GET window': expect.any(Number), DescribeTasks: expect.any(Number) });
    expect(run.advanceLoad).toMatchObject({ 'PUT window': expect.any(Number), 'GET control': expect.any(Number) });
    expect(run.inAll).toMatchObject({
      'PUT status': expect.any(Number),
      'GET plan': 1,
      'GET archive': 1,
      'PUT result': 1,
    });
    for (const row of rows) expect(row).toHaveLength(head.length);
  });

  test('resources: the default stack is within its aim', async () => {
    const { aims, rows, data } = await benchResources(await quickly());
    expect(aims.every(isMet)).toBe(true);
    expect(rows.at(-1)).toEqual(['all', String((data as string[]).length)]);
    expect(data).toContain('AWS::StepFunctions::StateMachine');
  });
});

describe('reports of what was measured on a stand-in for AWS', () => {
  const figures = (cpu: number, p95: number, ticks: number): LegFigures => ({
    cpu,
    delay: { median: 2.5, p95, max: 9 },
    age: { median: 5, p95: 9, max: 11 },
    perSecond: { 'GET window': 190, 'GET stop, not there': ticks },
    windowBytes: 15_000,
    checkpoint: { bytes: 52_000, ms: 48 },
    rss: 256e6,
  });
  const scenario = { tasks: 1000, timing: {}, warmUpSeconds: 1, seconds: 15 };

  test('a leg that is late misses its aim; one that is not to keep up has none', () => {
    const found = [
      { scenario, aimed: true, figures: figures(0.5, 8, 0.5) },
      { scenario: { ...scenario, tasks: 5000 }, aimed: false, figures: figures(1, 30, 0) },
    ];
    const { aims, rows } = legReport(found, { isPinned: true, hasTls: true });
    expect(aims.map(isMet)).toEqual([true, false]);
    expect(rows[1]).toEqual(expect.arrayContaining(['1000', '190', '1.00', '30.0', 'over 15']));
  });

  test('what could not be as on AWS is said', () => {
    const { notes } = legReport([], { isPinned: false, hasTls: false });
    expect(notes[0]).toContain('plain HTTP');
    expect(notes[0]).toContain('could not be bound to one processor');
  });

  test('an estimate far above the count misses its aim, and one far below', () => {
    const timing = awsTiming(1000);
    const report = (windows: number) =>
      requestsReport(
        timing,
        { tasks: 1000, seconds: 3600, counts: { 'GET window': 720_000 } },
        { tasks: 1, seconds: 3600, advanceLoad: { 'PUT window': windows, 'GET control': 1800 }, inAll: {} },
      );
    expect(report(720).aims.map(isMet)).toEqual([true, true]);
    expect(report(100).aims.map(isMet)).toEqual([false, true]);
    expect(report(2000).aims.map(isMet)).toEqual([true, false]);
  });

  test('launching is compared with the sustained rate', () => {
    const launched = [{ calls: 1000, lastSeconds: 60, toStartSeconds: 50, mostInTen: 220 }];
    const { aims } = launchingReport([{ tasks: 1000, refused: 0, launched }]);
    expect(aims[0]?.value).toBeCloseTo(60 / 50, 9);
    expect(aims.every(isMet)).toBe(false);
  });
});

test('the most moments within a time', () => {
  expect(mostWithin([0, 1, 2, 10, 11], 2)).toBe(3);
  expect(mostWithin([], 2)).toBe(0);
});

test('quantiles are values, in order', () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
      const { median, p95, max } = quantiles(values);
      expect(values).toEqual(expect.arrayContaining([median, p95]));
      expect(max).toBe(Math.max(...values));
      expect(median).toBeLessThanOrEqual(p95);
      expect(p95).toBeLessThanOrEqual(max);
    }),
  );
});

test('the windows of a simulated task follow one another without a gap, and none comes before its time', () => {
  fc.assert(
    fc.property(fc.nat(5000), fc.nat(50), fc.constantFrom(1000, 2000, 5000), (task, seq, windowMs) => {
      const shape = { run: 'r', tasks: 5001, windowMs, lineMs: 1000, cellSeconds: 1 };
      const span = measuredUntil(shape, task, seq + 1) - measuredUntil(shape, task, seq);
      expect(span).toBe(windowMs);
      const tasks = new SimulatedTasks(shape, [{ v: 1, wall: 1, cells: [{ t: 0 }] }]);
      tasks.start(1_000_000);
      const key = taskKeys('r', task, 0).window(seq);
      expect(tasks.read(key, 1_000_000 + measuredUntil(shape, task, seq))).toBeUndefined();
      expect(tasks.read(key, 1_000_000 + (seq + 3) * windowMs)).toBeDefined();
    }),
    { numRuns: 50 },
  );
});
