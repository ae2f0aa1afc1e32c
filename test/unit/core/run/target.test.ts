/** The target in a run: watched beyond the load's end, alarms, thresholds on its series, vital signs. */
import { expect, test } from 'vitest';
import type { IntervalMetrics } from '../../../../core/contract/interval-metrics.ts';
import type { AlarmTransition, TargetReading } from '../../../../core/contract/result.ts';
import type { Observation, TargetObserver } from '../../../../core/ports.ts';
import { expectSound } from '../../../support/sim/invariants.ts';
import { planOf } from '../../../support/sim/plan.ts';
import { calm, scenario } from '../../../support/sim/scenario.ts';
import { type Played, play } from '../../../support/sim/world.ts';

const BEGIN = Date.UTC(2026, 0, 1);
const WITHIN_MS = 60_000;

/** An observer of what is so many ms after the world's beginning; the clock is the readings' own. */
function observerOf(tell: (ms: number) => Partial<Observation> & { running?: number }, now: () => number) {
  const seen: number[] = [];
  const observer: TargetObserver = {
    async observe(since) {
      seen.push(since);
      const { running = 2, ...rest } = tell(now() - BEGIN);
      const reading: TargetReading = { at: now(), desired: running, running, pending: 0 };
      return { reading, events: [], samples: [], alarms: [], ...rest };
    },
  };
  return { observer, seen };
}

const plan = planOf({
  tasks: 2,
  durationMs: 4000,
  exports: { teardown: true, handleSummary: true },
  target: { observe: 'stack', scaleOutWithinMs: WITHIN_MS },
});

/** Plays a run whose target tells that. */
async function watch(
  tell: Parameters<typeof observerOf>[0],
  change: Partial<Parameters<typeof scenario>[0]> = {},
): Promise<Played & { seen: number[]; interval: IntervalMetrics[] }> {
  let now = () => BEGIN;
  const { observer, seen } = observerOf(tell, () => now());
  const vitals: IntervalMetrics[] = [];
  const metricsSink = { publish: async (each: IntervalMetrics) => void vitals.push(each) };
  const played = await play(
    scenario({
      plan,
      observer,
      metricsSink,
      onClock: (clock) => {
        now = () => clock.now();
      },
      ...change,
    }),
  );
  return { ...played, seen, interval: vitals };
}

const phasesOf = ({ told }: Played) => [...new Set(told.map(({ control }) => control.phase))];
const endMs = ({ stored }: Played) => Date.parse(stored.run.endedAt) - BEGIN;
const loadRose = ({ stored }: Played) => (stored.target?.moments.loadRose ?? Number.NaN) - BEGIN;

test('a target that scales out after the load has ended is watched until then, by a coordinator without workers', async () => {
  const played = await watch((ms) => ({ running: ms > 40_000 ? 3 : 2 }));
  expectSound(played);
  expect(phasesOf(played).slice(-2)).toEqual(['observing', 'finished']);
  expect(played.stored.verdict).toMatchObject({ passed: true });
  expect(endMs(played)).toBeGreaterThan(40_000);
  expect(endMs(played)).toBeLessThan(43_000);
  expect(new Set(played.seen).size, 'always since the beginning').toBe(1);
});

test('one that does not scale out is watched for as long as it may take, and one reading', async () => {
  const played = await watch(() => ({}));
  expectSound(played);
  expect(played.stored.verdict.exitCode).toBe(120);
  const watched = endMs(played) - loadRose(played);
  expect(watched).toBeGreaterThanOrEqual(WITHIN_MS + plan.timing.targetPollIntervalMs);
  expect(watched).toBeLessThan(WITHIN_MS + plan.timing.targetPollIntervalMs + 2000);
});

test('over many legs, the end is the same', async () => {
  const legs = await watch((ms) => ({ running: ms > 40_000 ? 3 : 2 }), { conductors: [{ ...calm, legMs: 3000 }] });
  expectSound(legs);
  expect(legs.stored.verdict).toMatchObject({ passed: true });
  expect(new Set(legs.seen).size).toBe(1);
  expect(legs.interval.filter(({ last }) => last)).toHaveLength(1);
});

test('one that has scaled out under load is not watched any longer', async () => {
  const played = await watch((ms) => ({ running: ms > 5000 ? 3 : 2 }));
  expect(phasesOf(played)).not.toContain('observing');
  expect(endMs(played)).toBeLessThan(15_000);
});

test('a stop ends the watching; a run that was stopped is not watched at all', async () => {
  const stopped = await watch(() => ({}), { stopMs: 30_000 });
  expectSound(stopped);
  expect(stopped.stored.stop).toBeNull();
  expect(stopped.stored.warnings).toEqual([expect.stringContaining('the run was stopped while it observed')]);
  expect(endMs(stopped)).toBeLessThan(32_000);

  const early = await watch(() => ({}), { stopMs: 4500 });
  expect(early.stored.stop?.kind).toBe('requested');
  expect(phasesOf(early)).not.toContain('observing');
});

test('an observer that hangs holds nothing up', async () => {
  const observer: TargetObserver = { observe: () => new Promise(() => {}) };
  const calmPlan = planOf({ tasks: 2, durationMs: 4000 });
  const played = await play(scenario({ plan: calmPlan, observer }));
  expectSound(played);
  expect(played.stored.verdict).toMatchObject({ passed: true });
});

const alarm = (part: Partial<AlarmTransition>): AlarmTransition => ({
  name: 'errors',
  at: BEGIN + 5000,
  state: 'ALARM',
  reason: 'too\nmany',
  effect: 'fail',
  ...part,
});

test('an alarm that fires after the start, on what this run has shown, fails it once, and is listed with its other changes', async () => {
  const long = planOf({ tasks: 2, durationMs: 100_000, target: { observe: 'stack', scaleOutWithinMs: WITHIN_MS } });
  for (const task of long.tasks) task.vus = 0; // simulated tasks tell of none
  const name = 'Fleet-not-scaled-out';
  const alarms = [
    alarm({ name, at: BEGIN - 5000 }),
    alarm({ name, at: BEGIN + 85_000 }),
    alarm({ name, at: BEGIN + 86_000, state: 'OK', reason: 'fine' }),
    alarm({ name, at: BEGIN + 87_000 }),
  ];
  const played = await watch((ms) => ({ alarms: ms > 88_000 ? alarms : [] }), { plan: long });
  expect(played.stored.verdict).toEqual({
    passed: false,
    exitCode: 120,
    reasons: [
      expect.stringContaining('desired count never rose above 2'),
      'alarm Fleet-not-scaled-out fired at 00:01:25 UTC: too many',
    ],
  });
  expect(played.stored.stop).toBeNull();
  expect(played.stored.alarms.map(({ state }) => state)).toEqual(['ALARM', 'OK', 'ALARM']);
});

test("an alarm on what another run has shown is listed, and is none of this run's", async () => {
  const alarms = [alarm({ name: 'Fleet-errors-while-scaling' })];
  const played = await watch((ms) => ({ running: ms > 5000 ? 3 : 2, alarms: ms > 6000 ? alarms : [] }));
  expect(played.stored.verdict).toMatchObject({ passed: true, reasons: [] });
  expect(played.stored.alarms).toEqual(alarms);
});

test('an alarm that is named to stop the run stops it', async () => {
  const long = planOf({ tasks: 2, durationMs: 60_000, target: { observe: 'stack' } });
  const alarms = [alarm({ at: BEGIN + 20_000, effect: 'stop' })];
  const played = await watch((ms) => ({ alarms: ms > 21_000 ? alarms : [] }), { plan: long });
  expectSound(played);
  expect(played.stored.stop).toMatchObject({ kind: 'alarm', exitCode: 120 });
  expect(played.stored.verdict.reasons).toEqual(['alarm errors fired at 00:00:20 UTC: too many']);
  expect(endMs(played)).toBeLessThan(25_000);
});

test('a threshold on a series of the target aborts the run', async () => {
  const abortOnFail = { abortOnFail: true, delayAbortEvalMs: null };
  const long = planOf({
    tasks: 2,
    durationMs: 60_000,
    target: {
      observe: 'stack',
      thresholds: { cpu: [{ source: 'max<90', aggregate: 'max', operator: '<', value: 90, ...abortOnFail }] },
    },
  });
  const at = BEGIN + 10_000;
  const played = await watch((ms) => ({ samples: ms > 11_000 ? [{ series: 'cpu', at, value: 93 }] : [] }), {
    plan: long,
  });
  expect(played.stored.stop).toMatchObject({
    kind: 'threshold',
    exitCode: 120,
    message: expect.stringContaining('93'),
  });
  expect(endMs(played)).toBeLessThan(20_000);
});

test('vital signs come every ten seconds, once with zeros at the end, and hold nothing up where they cannot be shown', async () => {
  const long = planOf({ tasks: 2, durationMs: 35_000 });
  const shown = await watch(() => ({}), { plan: long });
  expect(shown.interval.map(({ last }) => last)).toEqual([...shown.interval.slice(1).map(() => false), true]);
  expect(shown.interval.length).toBeGreaterThan(4);
  expect(shown.interval.length).toBeLessThan(8);

  const hangs = await play(scenario({ plan: long, metricsSink: { publish: () => new Promise(() => {}) } }));
  expect(hangs.stored.verdict).toMatchObject({ passed: true });
  const fails = await play(
    scenario({ plan: long, metricsSink: { publish: () => Promise.reject(new Error('no access')) } }),
  );
  expect(fails.stored.verdict).toMatchObject({ passed: true });
  expect(fails.stored.warnings).toEqual(['the metrics could not be published: no access']);
});
