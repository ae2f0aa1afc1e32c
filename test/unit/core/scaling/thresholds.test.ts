import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TargetPlan, Threshold } from '../../../../core/contract/plan.ts';
import type { TargetReading, TargetSample } from '../../../../core/contract/result.ts';
import { judgeTargetThresholds, type TargetThresholdsInput } from '../../../../core/scaling/thresholds.ts';
import { targetVerdict } from '../../../../core/scaling/verdict.ts';
import { at, load, readings } from './timeline.ts';

const threshold = (source: string, change: Partial<Threshold> = {}): Threshold => {
  const [, aggregate = '', percentile, operator = '', value] =
    /^(\w+?)(?:\((.+)\))?(<=|<|>=|>|==|!=)(.+)$/.exec(source) ?? [];
  return {
    source,
    aggregate: aggregate as Threshold['aggregate'],
    ...(percentile !== undefined && { percentile: Number(percentile) }),
    operator: operator as Threshold['operator'],
    value: Number(value),
    abortOnFail: false,
    delayAbortEvalMs: null,
    ...change,
  };
};

const cpu = (...values: number[]): TargetSample[] =>
  values.map((value, i) => ({ series: 'cpu', at: at(60 * i), value }));

const planOf = (thresholds: TargetPlan['thresholds']): TargetPlan => ({ observe: 'stack', thresholds });

const judge = (thresholds: TargetPlan['thresholds'], change: Partial<TargetThresholdsInput> = {}) =>
  judgeTargetThresholds({
    plan: planOf(thresholds),
    readings: [],
    samples: cpu(20, 95, 60, 40),
    startAt: at(0),
    until: at(600),
    testDurationMs: 600_000,
    ...change,
  });

const verdictOn = (source: string, change: Partial<TargetThresholdsInput> = {}) =>
  judge({ cpu: [threshold(source)] }, change)[0];

describe('judgeTargetThresholds', () => {
  it.each<[string, boolean, number, string]>([
    ['max<90', false, 95, 'cpu: max was 95, expected max<90'],
    ['max<=95', true, 95, 'cpu: max was 95, expected max<=95'],
    ['min>=20', true, 20, 'cpu: min was 20, expected min>=20'],
    ['avg<53.75', false, 53.75, 'cpu: avg was 53.75, expected avg<53.75'],
    ['med==50', true, 50, 'cpu: med was 50, expected med==50'],
    // k6: rank 0.9 × 3 = 2.7 of 20, 40, 60, 95.
    ['p(90)>84', true, 60 + 0.7 * 35, 'cpu: p(90) was 84.5, expected p(90)>84'],
    ['value<50', true, 40, 'cpu: value was 40, expected value<50'],
    ['count!=4', false, 4, 'cpu: count was 4, expected count!=4'],
  ])('judges %s', (source, ok, value, message) => {
    expect(verdictOn(source)).toMatchObject({ series: 'cpu', source, ok, abort: false, message });
    expect(verdictOn(source)?.value).toBeCloseTo(value, 9);
  });

  it('rounds numbers only as far as the verdict remains clear', () => {
    expect(verdictOn('max<90', { samples: cpu(93.2345) })?.message).toBe('cpu: max was 93.23, expected max<90');
    expect(verdictOn('max<=90', { samples: cpu(90.00001) })?.message).toBe('cpu: max was 90.00001, expected max<=90');
  });

  it('leaves out what was before the start and after the end', () => {
    expect(verdictOn('count==2', { startAt: at(30), until: at(120) })).toMatchObject({ ok: true, value: 2 });
  });

  it('takes the latest value of a moment', () => {
    expect(verdictOn('max<90', { samples: [...cpu(20, 95), { series: 'cpu', at: at(60), value: 80 }] })?.ok).toBe(true);
  });

  it.each<[string, Partial<TargetThresholdsInput>, string]>([
    [
      'a series that is not there',
      { samples: [{ series: 'memory', at: at(0), value: 1 }] },
      "cpu: no values; the target's series with values are memory; expected max<90",
    ],
    [
      'a series that is not there, of a target that was read',
      { samples: [{ series: 'memory', at: at(0), value: 1 }], readings: readings(1, [[0, 2, 2]]) },
      "cpu: no values; the target's series with values are desired, running, pending, memory; expected max<90",
    ],
    ['no series at all', { samples: [] }, 'cpu: no values, as for every series of the target; expected max<90'],
    ['no value since the start', { startAt: at(500) }, 'cpu: no values since the start; expected max<90'],
  ])('fails, and never aborts, for %s', (_, change, message) => {
    const [verdict] = judge({ cpu: [threshold('max<90', { abortOnFail: true })] }, change);

    expect(verdict).toEqual({ series: 'cpu', source: 'max<90', ok: false, value: null, abort: false, message });
  });

  it.each<[string, Partial<Threshold>, number, boolean]>([
    ['one that does not abort', { abortOnFail: false }, 600_000, false],
    ['one that aborts', { abortOnFail: true }, 0, true],
    ['one that waits', { abortOnFail: true, delayAbortEvalMs: 60_000 }, 60_000, false],
    ['one that has waited', { abortOnFail: true, delayAbortEvalMs: 60_000 }, 60_001, true],
  ])('%s', (_, change, testDurationMs, abort) => {
    expect(
      judge({ cpu: [threshold('max<90', change), threshold('max<99', change)] }, { testDurationMs }),
    ).toMatchObject([
      { ok: false, abort },
      { ok: true, abort: false },
    ]);
  });

  it('judges nothing if nothing is expected', () => {
    expect(judge(undefined)).toEqual([]);
    expect(judge({ cpu: [] })).toEqual([]);
  });

  it('takes infinities as k6 does', () => {
    expect(judge({ cpu: [threshold('max<0', { value: 'Inf' }), threshold('max<0', { value: 'NaN' })] })).toMatchObject([
      { ok: true },
      { ok: false },
    ]);
  });
});

describe('thresholds on counts', () => {
  const counted: TargetReading[] = readings(101, [
    [0, 2, 2],
    [40, 6, 2],
    [50, 6, 6],
  ]);

  it.each([
    ['running', 'max==6', 6],
    ['running', 'min>=2', 2],
    ['desired', 'avg<5', (40 * 2 + 60 * 6) / 100],
    ['running', 'value==6', 6],
    ['pending', 'p(95)<=4', 4],
    ['running', 'count==100', 100],
  ])('%s: %s, by how long each count stood', (series, source, value) => {
    const [verdict] = judge({ [series]: [threshold(source)] }, { readings: counted, until: at(100) });

    expect(verdict).toMatchObject({ ok: true });
    expect(verdict?.value).toBeCloseTo(value, 3);
  });

  it('knows the count at the start of the load', () => {
    const before = [{ at: at(-30), desired: 3, running: 3, pending: 0 }, ...readings(20, [[10, 4, 4]]).slice(10)];

    expect(judge({ running: [threshold('min==3')] }, { readings: before })).toMatchObject([{ ok: true, value: 3 }]);
  });

  it('is the same whether or not equal readings in a row were kept', () => {
    const counts = fc.array(fc.nat(3), { minLength: 1, maxLength: 30 });
    const source = fc.constantFrom('min<2', 'max<2', 'avg<2', 'med<2', 'p(90)<2', 'p(12.5)<2', 'value<2', 'count<9');
    fc.assert(
      fc.property(counts, source, fc.nat(40), fc.nat(40), (list, of, from, to) => {
        const all = list.map((running, i) => ({ at: at(i), desired: 0, running, pending: 0 }));
        const kept = all.filter(({ running }, i) => all[i - 1]?.running !== running || all[i + 1]?.running !== running);
        const of2 = (some: TargetReading[]) =>
          judge({ running: [threshold(of)] }, { readings: some, startAt: at(from), until: at(to) })[0]?.value ?? null;

        const [one, two] = [of2(all), of2(kept)];

        if (one === null || two === null) expect(two).toBe(one);
        else expect(two).toBeCloseTo(one, 6);
      }),
    );
  });
});

describe('percentiles', () => {
  it('are k6’s, of all values sorted', () => {
    const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 100, noNaN: true }), (list, percentile) => {
        const sorted = [...list].sort((a, b) => a - b);
        const i = (percentile / 100) * (sorted.length - 1);
        const [j = 0, k = 0] = [sorted[Math.floor(i)], sorted[Math.ceil(i)]];

        const [verdict] = judge(
          { cpu: [threshold('p(50)<0', { percentile })] },
          { samples: cpu(...list), until: at(1e6) },
        );

        expect(verdict?.value).toBe(j + (k - j) * (i - Math.floor(i)));
      }),
    );
  });
});

describe('targetVerdict', () => {
  const input = {
    readings: readings(60, [[0, 2, 2]]),
    events: [],
    samples: cpu(20, 95),
    points: load(60, () => 10),
    errorRate: 0,
    endedAtMs: at(120),
  };

  it('has an expectation for each threshold', () => {
    const plan = planOf({ cpu: [threshold('max<90'), threshold('min<90')], running: [threshold('min>=2')] });

    expect(targetVerdict({ ...input, plan, startAtMs: at(0) }).expectations).toEqual([
      { name: 'thresholds', ok: false, message: 'cpu: max was 95, expected max<90' },
      { name: 'thresholds', ok: true, message: 'cpu: min was 20, expected min<90' },
      { name: 'thresholds', ok: true, message: 'running: min was 2, expected min>=2' },
    ]);
  });

  it('says once that the target was not observed', () => {
    const plan = { ...planOf({ cpu: [threshold('max<90')] }), observe: null };

    expect(targetVerdict({ ...input, plan }).expectations).toEqual([
      {
        name: 'thresholds',
        ok: false,
        message: "the target was not observed: set observe in the script's options.ext.fleet.target",
      },
    ]);
  });
});
