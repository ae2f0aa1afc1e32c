import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { timelineRows } from '../../../../cli/render/timeline.ts';
import type { Result, TargetResult } from '../../../../core/contract/result.ts';
import { sampleResult, startedAt } from './samples.ts';

const target = sampleResult.target as TargetResult;

describe('timelineRows', () => {
  it('has round steps of whole intervals', () => {
    const rows = timelineRows(sampleResult, target, 20);
    expect(rows.map(({ atMs }) => atMs)).toEqual(Array.from({ length: 10 }, (_, i) => i * 30_000));
  });

  it('takes the worst p95 of a step and pools requests and errors', () => {
    const [, , third] = timelineRows(sampleResult, target, 20);
    expect(third).toMatchObject({ vus: 999, requestsPerSecond: 600, worstP95: 1590 });
    expect(third?.errorRate).toBeCloseTo(1500 / 180_00 / 10, 3);
  });

  it('shows the latest reading until there is another one', () => {
    const tasks = timelineRows(sampleResult, target, 20).map(
      ({ reading }) => `${reading?.running}/${reading?.desired}`,
    );
    expect(tasks).toEqual(['2/2', '2/2', '2/2', '2/6', '2/6', '4/6', '6/6', '6/6', '6/6', '6/6']);
  });

  it('has every event and moment in its step', () => {
    const rows = timelineRows(sampleResult, target, 20);
    expect(rows[3]?.events.map(({ message }) => message)).toEqual([
      'the desired count rose',
      'policy cpu-70 set the desired count to 6 (was 2)',
      '4 tasks started',
    ]);
    expect(rows.flatMap(({ events }) => events)).toHaveLength(7);
  });

  it('counts the interval in which the load starts, and not what setup did before', () => {
    const first = sampleResult.series.points[0] as Result['series']['points'][number];
    const start = startedAt / 1000;
    const points = [-25, -5, 5].map((s) => ({ ...first, t: start + s }));
    const rows = timelineRows({ ...sampleResult, series: { intervalSeconds: 10, points } }, target, 100);
    expect(rows[0]?.requestsPerSecond).toBe(100);
    expect(rows.filter((row) => row.requestsPerSecond !== null)).toHaveLength(1);
  });

  it('never has more rows than requested, and loses no request', () => {
    const seconds = fc.uniqueArray(fc.nat(50_000), { minLength: 1 });
    fc.assert(
      fc.property(
        seconds,
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom(1, 2, 7, 10),
        (times, maxRows, intervalSeconds) => {
          const first = sampleResult.series.points[0] as Result['series']['points'][number];
          const points = times.map((t) => ({
            ...first,
            t: startedAt / 1000 + t * intervalSeconds,
            requests: 1,
            failed: 1,
          }));
          const rows = timelineRows({ ...sampleResult, series: { intervalSeconds, points } }, target, maxRows);
          expect(rows.length).toBeLessThanOrEqual(maxRows);
          expect(rows.filter((row) => row.errorRate === 1).length).toBeGreaterThan(0);
          const last = rows.at(-1)?.atMs ?? 0;
          const step = (rows[1]?.atMs ?? 0) - (rows[0]?.atMs ?? 0);
          if (rows.length > 1) expect(Math.max(...times) * intervalSeconds * 1000).toBeLessThan(last + step);
        },
      ),
    );
  });
});
