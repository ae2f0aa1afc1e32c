import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Window } from '../../../../core/contract/window.ts';
import { RunMetrics } from '../../../../core/metrics/run-metrics.ts';
import { judgeAtFrontier } from '../../../../core/metrics/thresholds.ts';
import { foldWindow, type RawSample } from '../../../support/fold.ts';
import { pooledVerdict, threshold, thresholdKey } from '../../../support/pooled.ts';
import { testOf } from '../../../support/times.ts';

const START = 1_000;
const SECONDS = 8;
const TASKS = 3;
const CONTEXT = { startAtMs: START * 1000, clockOffsetMs: 0 };
const RANKED = [threshold('p', '<', 50, { percentile: 90 }), threshold('med', '>=', 20)];
const COUNT = threshold('count', '>', 9);
const PER_SECOND = threshold('rate', '>', 2);
const FAILED = threshold('rate', '<', 0.3);
const KEYS = [
  thresholdKey('t', 'trend', RANKED),
  thresholdKey('t{name:a}', 'trend', RANKED),
  thresholdKey('c', 'counter', [COUNT, PER_SECOND]),
  thresholdKey('r', 'rate', [FAILED]),
];

interface Drawn {
  task: number;
  second: number;
  name: string;
  value: number;
}

const drawn = fc.record({
  task: fc.nat(TASKS - 1),
  second: fc.nat(SECONDS - 1),
  name: fc.constantFrom('a', 'b'),
  value: fc.nat(100),
});

function samplesOf({ second, name, value }: Drawn): RawSample[] {
  const atMs = (START + second) * 1000 + 500;
  const base = { tags: { name }, atMs };
  return [
    { metric: 't', type: 'trend', value, ...base },
    { metric: 'c', type: 'counter', value: 1, ...base },
    { metric: 'r', type: 'rate', value: value > 70 ? 1 : 0, ...base },
  ];
}

/** A value of vus in every second: so a task has a cell for each, as real ones do. */
const heartbeat = (second: number): RawSample => ({
  metric: 'vus',
  type: 'gauge',
  value: 1,
  tags: {},
  atMs: (START + second) * 1000 + 500,
});

/** The windows of one task, one for each run of seconds between two cuts. */
function windowsOf(task: number, all: Drawn[], cuts: number[]): Window[] {
  const ends = [...new Set([...cuts, SECONDS])].sort((a, b) => a - b);
  return ends.map((end, seq) => {
    const from = ends[seq - 1] ?? 0;
    const own = all.filter((sample) => sample.task === task && sample.second >= from && sample.second < end);
    const beats = Array.from({ length: end - from }, (_, i) => heartbeat(from + i));
    return foldWindow([...own.flatMap(samplesOf), ...beats], { task, seq, keys: KEYS });
  });
}

/** What the thresholds say of exactly these samples. */
function pooled(samples: Drawn[], loadMs: number): boolean[] {
  const named = samples.filter(({ name }) => name === 'a');
  const ranked = (of: Drawn[]) =>
    RANKED.map(
      (rank) =>
        of.length === 0 ||
        pooledVerdict(
          of.map(({ value }) => value),
          rank,
        ),
    );
  const { length } = samples;
  const failed = samples.filter(({ value }) => value > 70).length;
  const counts = [length === 0 || length > 9, length === 0 || length / (loadMs / 1000) > 2];
  return [...ranked(samples), ...ranked(named), ...counts, length === 0 || failed / length < 0.3];
}

const delivered = (metrics: RunMetrics): number =>
  Math.min(...Array.from({ length: TASKS }, (_, task) => metrics.tasks.get(task)?.delivered ?? -1));

describe('the frontier', () => {
  it('judges exactly the samples up to it, in whatever order the windows of the tasks come, across checkpoints', () => {
    const cuts = fc.array(fc.array(fc.integer({ min: 1, max: SECONDS - 1 })), { minLength: TASKS, maxLength: TASKS });
    fc.assert(
      fc.property(fc.array(drawn, { maxLength: 60 }), cuts, fc.infiniteStream(fc.nat(1000)), (all, at, random) => {
        const below = (limit: number) => random.next().value % limit;
        const queues = at.map((own, task) => windowsOf(task, all, own));
        let metrics = new RunMetrics(KEYS);
        while (queues.some(({ length }) => length > 0)) {
          const waiting = queues.filter(({ length }) => length > 0);
          metrics.addWindow((waiting[below(waiting.length)] as Window[]).shift() as Window, CONTEXT);
          const second = delivered(metrics);
          if (second >= START) metrics.frontier.advance(second);
          if (below(3) === 0) {
            const copy = RunMetrics.fromJson(JSON.parse(JSON.stringify(metrics.toJson())), KEYS);
            expect(copy.toJson()).toEqual(metrics.toJson());
            metrics = copy;
          }
          const until = (metrics.frontier.second ?? START - 1) + 1 - START;
          const times = testOf(until * 1000, { startAtMs: START * 1000, loadEndMs: (START + until) * 1000 });
          const verdicts = judgeAtFrontier(metrics, KEYS, times, () => true);
          const expected = pooled(
            all.filter(({ second: of }) => of < until),
            until * 1000,
          );
          expect(verdicts.flatMap(({ thresholds }) => thresholds.map(({ ok }) => ok))).toEqual(expected);
          expect(metrics.frontier.lag).toBeLessThanOrEqual(SECONDS - until);
        }
        expect(metrics.frontier.second).toBe(START + SECONDS - 1);
        expect(metrics.frontier.lag).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it('takes a cell that comes late at once, and samples of setup() and teardown()', () => {
    const metrics = new RunMetrics(KEYS);
    const count = () => {
      const values = metrics.frontier.samples('c')?.values;
      return values?.type === 'counter' ? values.sum : 0;
    };
    const sample = (second: number): RawSample[] => samplesOf({ task: 0, second, name: 'a', value: 1 });
    const add = (second: number, more: Partial<Window>) =>
      metrics.addWindow(foldWindow(sample(second), { ...more, keys: KEYS }), CONTEXT);
    add(-5, { job: 'setup' });
    expect(count()).toBe(1);
    add(3, {});
    expect(count(), 'past the frontier').toBe(1);
    metrics.frontier.advance(START + 3);
    expect(count()).toBe(2);
    add(2, { task: 1 });
    expect(count(), 'late').toBe(3);
    metrics.frontier.advance(START + 1);
    expect(metrics.frontier.second, 'it never goes back').toBe(START + 3);
    add(9, { job: 'teardown', seq: 1 });
    expect(count()).toBe(4);
  });

  it('does not count the second in which k6 ends as delivered', () => {
    const metrics = new RunMetrics([]);
    const part = foldWindow([heartbeat(3), heartbeat(4)]);
    metrics.addWindow({ ...part, lines: part.lines.map((line) => ({ ...line, end: true })) }, CONTEXT);
    expect(metrics.tasks.get(0)?.delivered).toBe(START + 3);
  });
});
