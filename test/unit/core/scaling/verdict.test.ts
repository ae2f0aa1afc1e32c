import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TargetPlan } from '../../../../core/contract/plan.ts';
import { TargetResult } from '../../../../core/contract/result.ts';
import { findRecovery } from '../../../../core/scaling/moments.ts';
import { type TargetVerdictInput, targetVerdict } from '../../../../core/scaling/verdict.ts';
import { at, load, readings, spike } from './timeline.ts';

const PLAN: TargetPlan = { observe: 'demo:http://127.0.0.1:8080', scaleOutWithinMs: 20_000 };

const judge = (input: Partial<TargetVerdictInput>): TargetResult =>
  targetVerdict({
    readings: readings(60, [[0, 2, 2]]),
    events: [],
    points: load(60, spike),
    errorRate: 0,
    plan: PLAN,
    endedAtMs: at(60),
    ...input,
  });

describe('scaleOutWithin', () => {
  it.each<[string, Partial<TargetVerdictInput>, boolean, string]>([
    [
      'a scale-out in time',
      {
        readings: readings(60, [
          [0, 2, 2],
          [20, 5, 2],
          [24, 5, 5],
        ]),
      },
      true,
      'running tasks rose from 2 to 5, 14s after the load increased (limit 20s; load 12:00:10, desired 12:00:20, running 12:00:24 UTC)',
    ],
    [
      'a scale-out that is too late',
      {
        readings: readings(60, [
          [0, 2, 2],
          [20, 5, 2],
          [40, 5, 3],
        ]),
      },
      false,
      'running tasks rose from 2 to 3, 30s after the load increased (limit 20s; load 12:00:10, desired 12:00:20, running 12:00:40 UTC)',
    ],
    [
      'no scale-out',
      {},
      false,
      'the desired count never rose above 2 in the 50s after the load increased (limit 20s; load 12:00:10 UTC)',
    ],
    [
      'a load that ends before the target had its time',
      { plan: { ...PLAN, scaleOutWithinMs: 360_000 } },
      false,
      'the desired count never rose above 2 in the 50s after the load increased (limit 6m; load 12:00:10 UTC); the load was held for only 50s: hold it longer',
    ],
    [
      'tasks that never start',
      {
        readings: readings(60, [
          [0, 2, 2],
          [20, 5, 2],
        ]),
      },
      false,
      'the desired count rose from 2 to 5, 10s after the load increased, but running tasks never rose above 2 (limit 20s; load 12:00:10, desired 12:00:20 UTC)',
    ],
    [
      'flapping: the first rise counts',
      {
        readings: readings(60, [
          [0, 2, 2],
          [15, 3, 2],
          [18, 3, 3],
          [22, 2, 2],
          [30, 3, 3],
          [35, 2, 2],
        ]),
      },
      true,
      'running tasks rose from 2 to 3, 8s after the load increased (limit 20s; load 12:00:10, desired 12:00:15, running 12:00:18 UTC)',
    ],
    [
      'flapping: taken back before a task was up',
      {
        readings: readings(60, [
          [0, 2, 2],
          [15, 3, 2],
          [18, 2, 2],
        ]),
      },
      false,
      'the desired count rose from 2 to 3, 5s after the load increased, but running tasks never rose above 2 (limit 20s; load 12:00:10, desired 12:00:15 UTC)',
    ],
    [
      'a target that had scaled in the ramp before',
      {
        readings: readings(60, [
          [0, 2, 2],
          [4, 6, 2],
          [8, 6, 6],
        ]),
      },
      true,
      'running tasks rose from 2 to 6, 2s before the load increased (limit 20s; load 12:00:10, desired 12:00:04, running 12:00:08 UTC)',
    ],
    [
      'a scale-out that is under way when the load rises',
      {
        readings: readings(60, [
          [0, 2, 2],
          [8, 4, 2],
          [16, 4, 4],
        ]),
      },
      true,
      'running tasks rose from 2 to 4, 6s after the load increased (limit 20s; load 12:00:10, desired 12:00:08, running 12:00:16 UTC)',
    ],
    [
      'a target that was large enough from the start: nothing rose',
      { readings: readings(60, [[0, 6, 6]]) },
      false,
      'the desired count never rose above 6 in the 50s after the load increased (limit 20s; load 12:00:10 UTC)',
    ],
    [
      'during a deployment: replaced tasks are no scale-out',
      {
        readings: readings(60, [
          [0, 2, 2],
          [15, 2, 1],
          [20, 2, 4],
          [25, 2, 2],
        ]),
      },
      false,
      'the desired count never rose above 2 in the 50s after the load increased (limit 20s; load 12:00:10 UTC); 4 tasks ran at 12:00:20 UTC, more than desired, as during a deployment',
    ],
    [
      'a deployment when the load rises, then a scale-out',
      {
        readings: readings(60, [
          [0, 2, 2],
          [9, 2, 1],
          [15, 4, 1],
          [18, 4, 2],
          [21, 4, 3],
        ]),
      },
      true,
      'running tasks rose from 2 to 3, 11s after the load increased (limit 20s; load 12:00:10, desired 12:00:15, running 12:00:21 UTC)',
    ],
    [
      'no load',
      {
        points: load(
          60,
          () => 0,
          () => null,
        ),
      },
      false,
      'the load never increased: no VUs and no requests were measured (limit 20s)',
    ],
    [
      'an observer that failed',
      { readings: [] },
      false,
      "the target's state could never be read from demo:http://127.0.0.1:8080",
    ],
    [
      'no observer',
      { readings: [], plan: { ...PLAN, observe: null } },
      false,
      "the target was not observed: set observe in the script's options.ext.fleet.target",
    ],
  ])('%s', (_, input, ok, message) => {
    const { expectations } = judge(input);

    expect(expectations).toEqual([{ name: 'scaleOutWithin', ok, message }]);
  });

  it('takes the first point as the rise if a test starts at its peak', () => {
    const result = judge({
      points: load(60, () => 50),
      readings: readings(60, [
        [0, 2, 2],
        [5, 3, 3],
      ]),
    });

    expect(result.moments).toMatchObject({ loadRose: at(0), desiredRose: at(5), runningRose: at(5) });
  });

  it('goes by requests if no VUs were measured', () => {
    const points = load(60, spike).map((point) => ({ ...point, vus: 0 }));

    expect(judge({ points }).moments.loadRose).toBe(at(10));
  });
});

describe('events of a scale-out', () => {
  /** Every 10 s, from second 2.5 on. */
  const sparse = [2.5, 12.5, 22.5, 32.5, 42.5].map((s) => {
    const [desired, running] = s < 20 ? [2, 2] : s < 40 ? [5, 3] : [5, 5];
    return { at: at(s), desired, running, pending: desired - running };
  });
  const setTo = (s: number, desired: number) => ({ at: at(s), message: `set to ${desired}`, desired });

  it.each<[string, TargetVerdictInput['events'], number, number]>([
    ['none: the readings that show it', [], 22.5, 22.5],
    ['the desired count was set', [setTo(15, 5)], 15, 22.5],
    ['only plain text', [{ at: at(15), message: 'Successfully set desired count to 5.' }], 22.5, 22.5],
    ['set back to what it was', [setTo(15, 2)], 22.5, 22.5],
    ['announced before a reading that still has the old count', [setTo(11, 5)], 12.5, 22.5],
    ['long before', [setTo(1, 5)], 22.5, 22.5],
    ['later than the reading, by its own clock', [setTo(23, 5)], 22.5, 22.5],
    ['steady before the reading', [setTo(15, 5), { at: at(20), message: 'steady', steady: true }], 15, 20],
    ['steady before the rise', [{ at: at(14), message: 'steady', steady: true }, setTo(15, 5)], 15, 22.5],
  ])('%s', (_, events, desired, running) => {
    expect(judge({ readings: sparse, events }).moments).toMatchObject({
      desiredRose: at(desired),
      runningRose: at(running),
    });
  });

  it('bridges a gap in which the target could not be read', () => {
    const gap = [
      { at: at(5), desired: 2, running: 2, pending: 0 },
      { at: at(400), desired: 6, running: 6, pending: 0 },
    ];

    const { moments, expectations } = judge({
      readings: gap,
      events: [setTo(20, 6), { at: at(28), message: 'steady', steady: true }],
      endedAtMs: at(400),
    });

    expect(moments).toMatchObject({ desiredRose: at(20), runningRose: at(28) });
    expect(expectations[0]?.ok).toBe(true);
  });
});

describe('minPeakTasks', () => {
  const plan: TargetPlan = { observe: 'demo:x', minPeakTasks: 4 };

  it.each([
    [5, true, 'running tasks peaked at 5 (minimum 4; 12:00:30 UTC)'],
    [3, false, 'running tasks peaked at 3 (minimum 4; 12:00:30 UTC)'],
  ])('a peak of %d tasks', (peak, ok, message) => {
    const result = judge({
      plan,
      readings: readings(60, [
        [0, 2, 2],
        [30, peak, peak],
        [40, 2, 2],
      ]),
    });

    expect(result).toMatchObject({ peakTasks: peak, expectations: [{ name: 'minPeakTasks', ok, message }] });
  });

  it('does not count what ran before the load', () => {
    const before = { at: at(-30), desired: 8, running: 8, pending: 0 };

    expect(judge({ plan, readings: [before, ...readings(60, [[0, 2, 2]])] }).peakTasks).toBe(2);
  });

  it('fails without readings', () => {
    expect(judge({ plan, readings: [] })).toMatchObject({ peakTasks: null, expectations: [{ ok: false }] });
  });
});

describe('maxErrorRate', () => {
  it.each([
    [null, false, 'the error rate is unknown: no HTTP request was made (limit 10%)'],
    [0, true, '0% of requests failed (limit 10%)'],
    [0.1, true, '10% of requests failed (limit 10%)'],
    [0.1000001, false, '10.01% of requests failed (limit 10%)'],
    [0.25, false, '25% of requests failed (limit 10%)'],
  ])('a rate of %d', (errorRate, ok, message) => {
    const plan: TargetPlan = { observe: null, maxErrorRate: 0.1 };

    expect(judge({ plan, errorRate }).expectations).toEqual([{ name: 'maxErrorRate', ok, message }]);
  });
});

describe('recoverWithin', () => {
  const plan: TargetPlan = { observe: 'demo:x', recoverWithin: { p95Ms: 1000, withinMs: 20_000 } };

  it.each<[string, (s: number) => number | null, boolean, string]>([
    [
      'in time',
      (s) => (s >= 12 && s < 25 ? 1800 : 300),
      true,
      'p95 returned below 1s, 15s after the load increased (limit 20s; worst 1800ms; load 12:00:10, recovered 12:00:25 UTC, at 1000 of 1000 VUs)',
    ],
    [
      'too late',
      (s) => (s >= 12 && s < 45 ? 1800 : 300),
      false,
      'p95 returned below 1s, 35s after the load increased (limit 20s; worst 1800ms; load 12:00:10, recovered 12:00:45 UTC, at 1000 of 1000 VUs)',
    ],
    [
      'one good second is no recovery',
      (s) => (s === 20 ? 300 : s >= 12 && s < 45 ? 1800 : 300),
      false,
      'p95 returned below 1s, 35s after the load increased (limit 20s; worst 1800ms; load 12:00:10, recovered 12:00:45 UTC, at 1000 of 1000 VUs)',
    ],
    [
      'seconds without requests are no recovery',
      (s) => (s < 12 ? 300 : s < 20 ? 1800 : s < 57 ? null : 300),
      false,
      'p95 returned below 1s, 47s after the load increased (limit 20s; worst 1800ms; load 12:00:10, recovered 12:00:57 UTC, at 1000 of 1000 VUs)',
    ],
    [
      'never',
      (s) => (s < 12 ? 300 : 1800),
      false,
      'p95 did not return below 1s in the 50s after the load increased (limit 20s; worst 1800ms; load 12:00:10 UTC)',
    ],
    [
      'lost again after three good seconds',
      (s) => (s < 12 ? 300 : s >= 15 && s < 18 ? 300 : 9000),
      false,
      'p95 returned below 1s, 5s after the load increased, for only 3s; it exceeded that again at 12:00:18 UTC and did not return for good (limit 20s; worst 9000ms; load 12:00:10 UTC)',
    ],
    [
      'lost for two seconds, long after',
      (s) => ((s >= 12 && s < 15) || s === 40 || s === 43 ? 1800 : 300),
      false,
      'p95 returned below 1s, 5s after the load increased, for only 25s; it exceeded that again at 12:00:40 UTC and returned for good 34s after the load increased (limit 20s; worst 1800ms; load 12:00:10 UTC)',
    ],
    [
      'lost and back for good in time',
      (s) => ((s >= 12 && s < 15) || (s >= 19 && s < 23) ? 1800 : 300),
      true,
      'p95 returned below 1s, 13s after the load increased (limit 20s; worst 1800ms; load 12:00:10, recovered 12:00:23 UTC, at 1000 of 1000 VUs)',
    ],
    [
      'a single bad second later is an outlier',
      (s) => ((s >= 12 && s < 15) || s === 40 || s === 50 ? 1800 : 300),
      true,
      'p95 returned below 1s, 5s after the load increased, apart from 2 single intervals (limit 20s; worst 1800ms; load 12:00:10, recovered 12:00:15 UTC, at 1000 of 1000 VUs)',
    ],
    [
      'nothing but an outlier',
      (s) => (s === 40 ? 1800 : 300),
      true,
      'p95 never exceeded 1s after the load increased, apart from 1 single interval (worst 1800ms)',
    ],
    [
      'two bad seconds at the very end are no outlier',
      (s) => ((s >= 12 && s < 15) || s >= 58 ? 1800 : 300),
      false,
      'p95 returned below 1s, 5s after the load increased, for only 43s; it exceeded that again at 12:00:58 UTC and did not return for good (limit 20s; worst 1800ms; load 12:00:10 UTC)',
    ],
    ['not needed', () => 640.4, true, 'p95 never exceeded 1s after the load increased (worst 640ms)'],
    [
      'a slow first request, before the load rises, is not the load’s',
      (s) => (s === 0 ? 5000 : 300),
      true,
      'p95 never exceeded 1s after the load increased (worst 300ms)',
    ],
    [
      'no request finished',
      (s) => (s < 10 ? 300 : null),
      false,
      'p95 is unknown: no request finished after the load increased (limit 20s)',
    ],
  ])('%s', (_, p95, ok, message) => {
    const result = judge({ plan, points: load(60, spike, p95) });

    expect(result.expectations).toEqual([{ name: 'recoverWithin', ok, message }]);
  });
});

describe('findRecovery', () => {
  const BOUND = 1000;
  /** p95 in seconds under constant load; null: no request finished. */
  const latencies = fc.array(fc.constantFrom<number | null>(300, 300, 300, 300, 2000, null), { maxLength: 60 });
  const recoveryOf = (p95s: readonly (number | null)[], loadEndsAt = Number.POSITIVE_INFINITY) =>
    findRecovery({
      points: load(
        p95s.length,
        () => 50,
        (s) => p95s[s] ?? null,
      ),
      loadRose: at(0),
      loadEndsAt,
      p95Ms: BOUND,
    });
  /** When p95 was back for good, s; 0: it never left. */
  const recoveredAt = (p95s: readonly (number | null)[]): number => {
    const { exceeded, point } = recoveryOf(p95s);
    if (!exceeded) return 0;
    return point === null ? Number.POSITIVE_INFINITY : point.t - at(0) / 1000;
  };

  it('a higher p95 in any second never makes the recovery earlier', () => {
    fc.assert(
      fc.property(latencies, fc.nat(), (p95s, any) => {
        const index = any % Math.max(1, p95s.length);
        if (p95s[index] === null || p95s.length === 0) return;
        expect(recoveredAt(p95s.with(index, 5000))).toBeGreaterThanOrEqual(recoveredAt(p95s));
      }),
    );
  });

  it('what comes later makes no recovery earlier, once three seconds are known; good seconds change none', () => {
    fc.assert(
      fc.property(latencies, latencies, fc.nat(20), (p95s, later, good) => {
        const before = recoveredAt(p95s);
        const open = p95s.filter((p95) => p95 !== null).length < 3 || before === Number.POSITIVE_INFINITY;
        if (!open) expect(recoveredAt([...p95s, ...later])).toBeGreaterThanOrEqual(before);
        if (!open) expect(recoveredAt([...p95s, ...Array(good).fill(300)])).toBe(before);
      }),
    );
  });

  it('seconds without requests change nothing but the times', () => {
    fc.assert(
      fc.property(latencies, (p95s) => {
        const { exceeded, outliers, point } = recoveryOf(p95s);
        const spread = recoveryOf(p95s.flatMap((p95) => [p95, null]));
        expect({ exceeded, outliers, isBack: point !== null }).toEqual({
          exceeded: spread.exceeded,
          outliers: spread.outliers,
          isBack: spread.point !== null,
        });
      }),
    );
  });

  it('what finishes in the graceful stop does not count, unless nothing finished before', () => {
    const good = Array(20).fill(300);
    const slow = [9000, 9000, 9000];

    expect(recoveryOf([...good, ...slow]).exceeded).toBe(true);
    expect(recoveryOf([...good, ...slow], at(20)).exceeded).toBe(false);
    expect(recoveryOf([null, null, ...slow], at(2))).toMatchObject({ exceeded: true, worstMs: 9000 });
  });
});

describe('targetVerdict', () => {
  it('groups samples into series, in any order, with the latest value of each moment', () => {
    const sample = (series: string, second: number, value: number) => ({ series, at: at(second), value });

    const { series } = judge({
      samples: [sample('cpu', 60, 70), sample('memory', 0, 30), sample('cpu', 0, 20), sample('cpu', 60, 75)],
    });

    expect(series).toEqual({
      cpu: [
        { at: at(0), value: 20 },
        { at: at(60), value: 75 },
      ],
      memory: [{ at: at(0), value: 30 }],
    });
  });

  it('keeps each event once, in order, from the first reading on', () => {
    const event = (second: number) => ({ at: at(second), message: `at ${second}` });

    const { events } = judge({ events: [event(30), event(-5), event(12), event(30)] });

    expect(events).toEqual([event(12), event(30)]);
  });

  it('expects nothing if the plan expects nothing', () => {
    expect(judge({ plan: { observe: null } }).expectations).toEqual([]);
  });

  it('matches the contract for any input, in any order of the readings', () => {
    const count = fc.integer({ min: 0, max: 9 });
    const second = fc.integer({ min: -10, max: 70 });
    const reading = fc.record({ at: second.map(at), desired: count, running: count, pending: count });
    const latency = fc.option(fc.double({ min: 0, max: 5000, noNaN: true }));
    fc.assert(
      fc.property(
        fc.uniqueArray(reading, { selector: (each) => each.at }),
        fc.array(fc.tuple(fc.nat(1000), latency), { maxLength: 60 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.array(fc.record({ at: second.map(at), message: fc.string(), desired: count, steady: fc.boolean() })),
        (list, seconds, errorRate, events) => {
          const points = load(
            seconds.length,
            (s) => seconds[s]?.[0] ?? 0,
            (s) => seconds[s]?.[1] ?? null,
          );
          const plan: TargetPlan = {
            ...PLAN,
            minPeakTasks: 4,
            maxErrorRate: 0.1,
            recoverWithin: { p95Ms: 1000, withinMs: 9000 },
          };

          const result = judge({ readings: list, points, errorRate, plan, events });

          expect(TargetResult.parse(result)).toEqual(result);
          expect(result.expectations).toHaveLength(4);
          expect(judge({ readings: [...list].reverse(), points, errorRate, plan, events })).toEqual(result);
          const { desiredRose, runningRose } = result.moments;
          const byReadings = judge({ readings: list, points, errorRate, plan }).moments;
          expect([desiredRose === null, runningRose === null]).toEqual([
            byReadings.desiredRose === null,
            byReadings.runningRose === null,
          ]);
          expect(desiredRose ?? 0).toBeLessThanOrEqual(byReadings.desiredRose ?? 0);
          expect(runningRose ?? 0).toBeLessThanOrEqual(byReadings.runningRose ?? 0);
          if (runningRose !== null) expect(runningRose).toBeGreaterThanOrEqual(desiredRose ?? Number.NaN);
        },
      ),
    );
  });
});
