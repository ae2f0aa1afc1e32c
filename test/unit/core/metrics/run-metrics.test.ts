import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Window } from '../../../../core/contract/window.ts';
import { breakdownRows, checkResults, metricResults, seriesPoints } from '../../../../core/metrics/metric-results.ts';
import { RunMetrics } from '../../../../core/metrics/run-metrics.ts';
import { judge } from '../../../../core/metrics/thresholds.ts';
import { type FoldOptions, foldWindow, type RawSample } from '../../../support/fold.ts';
import { pooledPercentile, threshold, thresholdKey } from '../../../support/pooled.ts';
import { testOf } from '../../../support/times.ts';

const START = 1_000;
const CONTEXT = { startAtMs: START * 1000, clockOffsetMs: 0 };
const BOUNDS = { maxRows: 2, maxPoints: 5 };
const KEYS = [
  thresholdKey('http_req_duration', 'trend', [threshold('p', '<', 50, { percentile: 90 }), threshold('med', '>', 3)]),
  thresholdKey('http_req_duration{name:b}', 'trend', [threshold('p', '<', 10, { percentile: 95 })]),
  thresholdKey('http_reqs{name:a}', 'counter', [threshold('count', '>', 1)]),
];

/** A sample of one task. Values are multiples of 1/4, so that sums are exact in any order. */
const sample = fc
  .record({
    kind: fc.constantFrom('request', 'check', 'iteration', 'gauge', 'trend', 'vus'),
    second: fc.nat(11),
    ms: fc.nat(999),
    name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    group: fc.constantFrom('', '::one', '::one::two'),
    value: fc.nat(400).map((n) => n / 4),
    task: fc.nat(3),
  })
  .map(({ kind, second, ms, name, group, value, task }) => {
    const at = { atMs: (START + second) * 1000 + ms };
    const tags = { name, method: 'GET', status: '200', scenario: 's', url: `http://${name}` };
    const make = (metric: string, type: RawSample['type'], v: number, t: Record<string, string> = tags): RawSample => {
      return { metric, type, value: v, tags: t, ...at };
    };
    const samples: Record<string, RawSample[]> = {
      request: [
        make('http_reqs', 'counter', 1),
        make('http_req_failed', 'rate', value > 80 ? 1 : 0),
        make('http_req_duration', 'trend', value),
      ],
      check: [make('checks', 'rate', value > 20 ? 1 : 0, { check: name, group })],
      iteration: [make('iterations', 'counter', 1)],
      gauge: [make('my_gauge', 'gauge', value)],
      trend: [make('my_trend', 'trend', value > 90 ? Infinity : -value)],
      vus: [make('vus', 'gauge', Math.floor(value), {})],
    };
    return { task, samples: samples[kind] as RawSample[] };
  });

const samplesByTask = fc.array(sample, { maxLength: 120 }).map((all) =>
  [0, 1, 2, 3].map((task) => {
    const samples = all.filter((s) => s.task === task).flatMap((s) => s.samples);
    // No two times are equal, so that one sample of a gauge is the latest; vus has a value every second.
    const vus = Array.from({ length: 12 }, (_, i): RawSample => {
      return { metric: 'vus', type: 'gauge', value: (i * 7 + task) % 5, tags: {}, atMs: (START + i) * 1000 };
    });
    return [...samples, ...vus]
      .sort((a, b) => a.atMs - b.atMs)
      .map((s, i) => ({ ...s, atMs: s.atMs + i / 1000 + task / 1e5 }));
  }),
);

const merge = (windows: Window[]): RunMetrics => {
  const metrics = new RunMetrics(KEYS, BOUNDS);
  for (const window of windows) metrics.addWindow(window, CONTEXT);
  return metrics;
};

const checkpointed = (metrics: RunMetrics): RunMetrics =>
  RunMetrics.fromJson(JSON.parse(JSON.stringify(metrics.toJson())), KEYS);

const window = (samples: RawSample[], options: FoldOptions = {}) =>
  foldWindow(samples, { keys: KEYS, wall: 0, ...options });

/** Cuts each task's samples into consecutive windows. */
const windowsOf = (tasks: RawSample[][], cuts: number[]): Window[] =>
  tasks.flatMap((samples, task) => {
    const ends = [...cuts.map((cut) => Math.floor((cut / 100) * samples.length)).sort((a, b) => a - b), samples.length];
    return ends.map((end, seq) => window(samples.slice(ends[seq - 1] ?? 0, end), { task, seq }));
  });

/** Everything but the positions at which rows were first seen, which depend on the cut, and orders without meaning. */
const essence = (m: RunMetrics) => {
  const { metrics, keys, summed, tasks, overflow, groups, frontier, ...rest } = m.toJson();
  const by = <T>(items: T[], key: (item: T) => string) => items.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
  return {
    ...rest,
    metrics: by(metrics, ({ name }) => name).map(({ breakdown, ...metric }) => ({
      ...metric,
      rows: breakdown?.rows.map(({ tags, values }) => ({ tags, values })),
      overflow: breakdown?.overflow,
    })),
    keys: by(keys, ({ key }) => key),
    vus: by(
      summed.vus.tasks.map(({ task, spans }) => ({ task, spans: spans.map(({ first, last }) => ({ first, last })) })),
      ({ task }) => String(task),
    ),
    vusSums: summed.vus.sums,
    tasks: by(tasks, ({ task }) => String(task)),
    overflow: overflow.toSorted(),
    groups: groups.map(([path]) => path),
    frontier: {
      ...frontier,
      committed: by(frontier.committed, ({ key }) => key),
      pending: frontier.pending.toSorted(([a], [b]) => a - b).map(([t, cells]) => [t, by(cells, ({ key }) => key)]),
    },
  };
};

describe('merging', () => {
  it('gives the same from any cut into windows, added in any order, across any checkpoints', () => {
    const cuts = fc.array(fc.nat(100), { maxLength: 5 });
    fc.assert(
      fc.property(samplesByTask, cuts, fc.infiniteStream(fc.nat(1000)), (tasks, at, random) => {
        const below = (limit: number) => random.next().value % limit;
        const whole = merge(windowsOf(tasks, []));
        const windows = windowsOf(tasks, at);
        expect(essence(merge(windows))).toEqual(essence(whole));

        let metrics = new RunMetrics(KEYS, BOUNDS);
        while (windows.length > 0) {
          const [next] = windows.splice(below(windows.length), 1) as [Window];
          metrics.addWindow(next, CONTEXT);
          if (below(4) === 0) metrics = checkpointed(metrics);
        }
        expect(essence(metrics)).toEqual(essence(whole));
      }),
    );
  });

  it('adds up to the sums of all samples', () => {
    fc.assert(
      fc.property(samplesByTask, (tasks) => {
        const metrics = merge(windowsOf(tasks, [30, 60]));
        const all = tasks.flat();
        const durations = all.filter(({ metric }) => metric === 'http_req_duration').map(({ value }) => value);
        const times = testOf(12_000, { startAtMs: START * 1000 });
        const plan = { thresholds: KEYS, summary: { trendStats: [], timeUnit: '', mode: 'compact' as const } };
        const { http_req_duration, vus, my_gauge } = metricResults(metrics, plan, times, judge(metrics, KEYS, times));
        expect(http_req_duration?.values.count).toBe(durations.length);
        expect(http_req_duration?.values.avg).toBe(
          durations.length > 0 ? durations.reduce((a, b) => a + b) / durations.length : 0,
        );
        expect(http_req_duration?.values['p(99)']).toBeCloseTo(pooledPercentile(durations, 0.99), 0);
        const gauges = all.filter(({ metric }) => metric === 'my_gauge').sort((a, b) => a.atMs - b.atMs);
        expect(my_gauge?.values.value).toBe(gauges.at(-1)?.value);

        const sums = Array.from({ length: 12 }, (_, second) =>
          tasks.reduce((sum, samples) => {
            const own = samples.filter((s) => s.metric === 'vus' && Math.floor(s.atMs / 1000) === START + second);
            return sum + (own.at(-1)?.value ?? 0);
          }, 0),
        );
        // Not of the second in which the load starts, which holds values of before.
        const counted = sums.slice(1);
        expect(vus?.values).toEqual({ value: sums[11], min: Math.min(...counted), max: Math.max(...counted) });

        const requests = durations.length;
        const total = (counts: number[]) => counts.reduce((a, b) => a + b, 0);
        expect(total(breakdownRows(metrics).map((row) => row.requests))).toBe(requests);
        expect(total(seriesPoints(metrics).points.map((point) => point.requests))).toBe(requests);
        expect(total([...metrics.tasks.values()].map((task) => task.requests))).toBe(requests);
        const checks = all.filter(({ metric }) => metric === 'checks').length;
        expect(total(checkResults(metrics).map(({ passes, fails }) => passes + fails))).toBe(checks);
      }),
    );
  });

  it('survives a checkpoint without loss, and continues from there', () => {
    fc.assert(
      fc.property(samplesByTask, (tasks) => {
        const windows = windowsOf(tasks, [50]);
        const metrics = merge(windows.slice(0, 5));
        const copy = checkpointed(metrics);
        expect(copy.toJson()).toEqual(metrics.toJson());
        for (const m of [metrics, copy]) for (const w of windows.slice(5)) m.addWindow(w, CONTEXT);
        expect(copy.toJson()).toEqual(metrics.toJson());
      }),
    );
  });
});

describe('addWindow', () => {
  const at = (second: number, metric = 'iterations', value = 1, more: Partial<RawSample> = {}): RawSample => {
    return { metric, type: 'counter', value, atMs: (START + second) * 1000, ...more };
  };
  const vus = (second: number, value: number) => at(second, 'vus', value, { type: 'gauge' });
  const ended = () => false;
  const vusOf = (metrics: RunMetrics, [first, last]: [first: number, last: number]) =>
    metrics.summed.vus.summary({ first: START + first, last: START + last, lastsIn: ended });

  it('corrects clocks by whole cells for the time series and to the ms for gauges', () => {
    const metrics = new RunMetrics([]);
    const gauge = (value: number) => at(5, 'g', value, { type: 'gauge' });
    metrics.addWindow(window([at(5), gauge(1)]), { ...CONTEXT, clockOffsetMs: 2_400 });
    metrics.addWindow(window([at(5), gauge(2)], { task: 1 }), { ...CONTEXT, clockOffsetMs: 2_399 });
    expect(seriesPoints(metrics).points.map(({ t, iterations }) => [t, iterations])).toEqual([[START + 7, 2]]);
    expect(metrics.totals.get('g')?.values).toMatchObject({ last: 1, at: (START + 7) * 1000 + 400 });
  });

  it('counts vus of the load only, from its start on', () => {
    const metrics = new RunMetrics([]);
    metrics.addWindow(window([vus(0, 9)]), { startAtMs: null, clockOffsetMs: 0 });
    metrics.addWindow(window([vus(0, 9)], { job: 'setup' }), CONTEXT);
    metrics.addWindow(window([vus(-1, 9)]), CONTEXT);
    metrics.addWindow(window([vus(0.95, 9)]), { startAtMs: START * 1000 + 900, clockOffsetMs: 0 });
    expect(vusOf(metrics, [0, 0]), 'sampled before k6 has begun').toBeNull();
    metrics.addWindow(window([vus(1.1, 3)], { seq: 1 }), { startAtMs: START * 1000 + 900, clockOffsetMs: 0 });
    expect(vusOf(metrics, [0, 1])).toEqual({ value: 3, min: 3, max: 3 });
  });

  it('keeps samples of setup and teardown, outside the time series', () => {
    const metrics = new RunMetrics([]);
    metrics.addWindow(window([at(-5)], { job: 'setup' }), { startAtMs: null, clockOffsetMs: 0 });
    metrics.addWindow(window([at(5)], { job: 'teardown' }), CONTEXT);
    expect(metrics.counter('iterations').sum).toBe(2);
    expect(seriesPoints(metrics).points).toEqual([]);
  });

  it('counts vus from the first second in which every task has a value; one that has ended has none', () => {
    const metrics = new RunMetrics([]);
    metrics.addWindow(window([vus(1, 5), vus(2, 5), vus(3, 5)]), CONTEXT);
    metrics.addWindow(window([vus(2, 2), vus(3, 1), vus(4, 1)], { task: 1 }), CONTEXT);
    expect(vusOf(metrics, [1, 3])).toEqual({ value: 6, min: 6, max: 7 });
    expect(vusOf(metrics, [1, 4])).toEqual({ value: 1, min: 1, max: 7 });
    expect(vusOf(metrics, [1, 5])).toEqual({ value: 0, min: 0, max: 7 });
    const lasting = metrics.summed.vus.summary({ first: START + 1, last: START + 5, lastsIn: () => true });
    expect(lasting, 'as vus_max').toEqual({ value: 6, min: 6, max: 7 });
    const firstLasts = { lastsIn: (task: number) => task === 0 };
    expect(metrics.summed.vus.valueAt(START + 4, firstLasts), 'task 0 is silent').toBe(6);
  });

  it('aligns cells of several seconds', () => {
    const metrics = new RunMetrics([], { cellSeconds: 5 });
    for (const [task, clockOffsetMs] of [0, 2_000, -2_400].entries()) {
      for (const [seq, second] of [0, 5, 10].entries()) {
        const part = foldWindow([vus(second, task + 1)], { task, seq, cellSeconds: 5 });
        metrics.addWindow(part, { ...CONTEXT, clockOffsetMs });
      }
    }
    expect(vusOf(metrics, [5, 10])).toEqual({ value: 6, min: 6, max: 6 });
    expect(metrics.summed.vus.toJson().sums).toEqual([START + 5, 2, 6]);
  });

  it('halves the resolution of the time series when it has too many points', () => {
    const metrics = new RunMetrics([], { maxPoints: 4 });
    for (let second = 0; second < 20; second++) {
      metrics.addWindow(window([at(second), vus(second, second)], { seq: second }), CONTEXT);
    }
    const { intervalSeconds, points } = seriesPoints(metrics);
    expect(intervalSeconds).toBe(8);
    expect(points.map(({ t, iterations, vus }) => [t - START, iterations, vus])).toEqual([
      [0, 8, 7],
      [8, 8, 15],
      [16, 4, 19],
    ]);
  });

  it('puts tag sets past the limit into one row and says so', () => {
    const metrics = new RunMetrics([], { maxRows: 2 });
    const request = (name: string) => at(1, 'http_reqs', 1, { tags: { name } });
    metrics.addWindow(window(['b', 'd', 'a', 'c', 'd'].map(request)), CONTEXT);
    expect(breakdownRows(metrics).map(({ name, requests }) => [name, requests])).toEqual([
      ['a', 1],
      ['b', 1],
      ['(other)', 3],
    ]);
    expect([...metrics.overflow]).toEqual(['http_reqs']);
  });

  it('counts what a task itself put past its cap in the same row', () => {
    const metrics = new RunMetrics([]);
    const part = window([at(1, 'http_reqs', 1, { tags: { name: 'a' } })]);
    const series = part.lines[0]?.cells[0]?.metrics?.[0]?.series;
    series?.push({ tags: { overflow: 'true' }, values: { sum: 7 } });
    metrics.addWindow({ ...part, lines: part.lines.map((line) => ({ ...line, overflow: ['http_reqs'] })) }, CONTEXT);
    expect(breakdownRows(metrics).map(({ name, requests }) => [name, requests])).toEqual([
      ['a', 1],
      ['(other)', 7],
    ]);
    expect([...metrics.overflow]).toEqual(['http_reqs']);
  });

  it('finds the busiest five seconds of a task', () => {
    const busyOf = (pieces: [wall: number, busy: number][], startAtMs: number | null = START * 1000) => {
      const metrics = new RunMetrics([]);
      for (const [seq, [wall, busy]] of pieces.entries()) {
        metrics.addWindow(foldWindow([at(seq)], { seq, wall, busy }), { startAtMs, clockOffsetMs: 0 });
      }
      return metrics.tasks.get(0)?.peakBusy;
    };
    expect(busyOf([1, 1, 1, 1, 1].map((busy) => [1, busy]))).toBe(1);
    expect(busyOf([0, 0, 1, 1, 1, 1, 0, 0, 0, 0].map((busy) => [1, busy]))).toBeCloseTo(0.8);
    expect(
      busyOf([
        [10, 0.5],
        [10, 0.75],
        [10, 0.5],
      ]),
    ).toBe(0.75);
    expect(
      busyOf([
        [2, 0.5],
        [1, 0.8],
      ]),
    ).toBeCloseTo(0.6);
    expect(busyOf([[9, 1]], null)).toBe(0);
  });

  it.each<[string, (number | undefined)[], number | null]>([
    ['its own part of the busiest five seconds', [0, 0.1, 0.1, 0.1, 0.2, 0.3, 0.9, 0.9, 0.9], 0.16],
    ['not known of one of them', [0, 0.1, undefined, 0.1, 0.2, 0.3, 0.9, 0.9, 0.9], null],
  ])('knows %s', (_, own, expected) => {
    let metrics = new RunMetrics([]);
    for (const [seq, part] of own.entries()) {
      const piece = foldWindow([at(seq)], { seq, wall: 1, busy: seq >= 1 && seq < 6 ? 1 : 0.9 });
      metrics.addWindow(part === undefined ? piece : { ...piece, own: part }, CONTEXT);
      metrics = RunMetrics.fromJson(JSON.parse(JSON.stringify(metrics.toJson())), []);
    }

    const stats = metrics.tasks.get(0);
    expect(stats?.peakBusy).toBe(1);
    if (expected === null) expect(stats?.peakOwnBusy).toBeNull();
    else expect(stats?.peakOwnBusy).toBeCloseTo(expected);
  });
});
