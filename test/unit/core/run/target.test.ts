/** The target in a run: observed after the load, alarms, thresholds on its series, interval metrics. */
import { expect, test } from 'vitest';
import type { IntervalMetrics } from '../../../../core/contract/interval-metrics.ts';
import type { AlarmTransition, TargetReading } from '../../../../core/contract/result.ts';
import type { Observation, TargetObserver } from '../../../../core/ports.ts';
import { expectSound } from '../../../support/sim/invariants.ts';
import { planOf } from '../../../support/sim/plan.ts';
import { calm, scenario } from '../../../support/sim/scenario.ts';
import { type Outcome, simulate } from '../../../support/sim/world.ts';

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

/** Simulates a run with these observations of its target. */
async function watch(
  tell: Parameters<typeof observerOf>[0],
  change: Partial<Parameters<typeof scenario>[0]> = {},
): Promise<Outcome & { seen: number[]; interval: IntervalMetrics[] }> {
  let now = () => BEGIN;
  const { observer, seen } = observerOf(tell, () => now());
  const vitals: IntervalMetrics[] = [];
  const metricsSink = { publish: async (each: IntervalMetrics) => void vitals.push(each) };
  const outcome = await simulate(
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
  return { ...outcome, seen, interval: vitals };
}

const phasesOf = ({ controls }: Outcome) => [...new Set(controls.map(({ control }) => control.phase))];
const endMs = ({ stored }: Outcome) => Date.parse(stored.run.endedAt) - BEGIN;
const loadRose = ({ stored }: Outcome) => (stored.target?.moments.loadRose ?? Number.NaN) - BEGIN;

test('a target that scales out after the load has ended is watched until then, by a coordinator without workers', async () => {
  const outcome = await watch((ms) => ({ running: ms > 40_000 ? 3 : 2 }));
  expectSound(outcome);
  expect(phasesOf(outcome).slice(-2)).toEqual(['observing', 'finished']);
  expect(outcome.stored.verdict).toMatchObject({ passed: true });
  expect(endMs(outcome)).toBeGreaterThan(40_000);
  expect(endMs(outcome)).toBeLessThan(43_000);
  expect(new Set(outcome.seen).size, 'always since the beginning').toBe(1);
});

test('one that does not scale out is watched for as long as it may take, and one reading', async () => {
  const outcome = await watch(() => ({}));
  expectSound(outcome);
  expect(outcome.stored.verdict.exitCode).toBe(120);
  const watched = endMs(outcome) - loadRose(outcome);
  expect(watched).toBeGreaterThanOrEqual(WITHIN_MS + plan.timing.targetPollIntervalMs);
  expect(watched).toBeLessThan(WITHIN_MS + plan.timing.targetPollIntervalMs + 2000);
});

test('over many legs, the end is the same', async () => {
  const legs = await watch((ms) => ({ running: ms > 40_000 ? 3 : 2 }), { coordinators: [{ ...calm, legMs: 3000 }] });
  expectSound(legs);
  expect(legs.stored.verdict).toMatchObject({ passed: true });
  expect(new Set(legs.seen).size).toBe(1);
  expect(legs.interval.filter(({ last }) => last)).toHaveLength(1);
});

test('one that has scaled out under load is not watched any longer', async () => {
  const outcome = await watch((ms) => ({ running: ms > 5000 ? 3 : 2 }));
  expect(phasesOf(outcome)).not.toContain('observing');
  expect(endMs(outcome)).toBeLessThan(15_000);
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
  const outcome = await simulate(scenario({ plan: calmPlan, observer }));
  expectSound(outcome);
  expect(outcome.stored.verdict).toMatchObject({ passed: true });
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
  const outcome = await watch((ms) => ({ alarms: ms > 88_000 ? alarms : [] }), { plan: long });
  expect(outcome.stored.verdict).toEqual({
    passed: false,
    exitCode: 120,
    reasons: [
      expect.stringContaining('desired count never rose above 2'),
      'alarm Fleet-not-scaled-out fired at 00:01:25 UTC: too many',
    ],
  });
  expect(outcome.stored.stop).toBeNull();
  expect(outcome.stored.alarms.map(({ state }) => state)).toEqual(['ALARM', 'OK', 'ALARM']);
});

test("an alarm on what another run has shown is listed, and is none of this run's", async () => {
  const alarms = [alarm({ name: 'Fleet-errors-while-scaling' })];
  const outcome = await watch((ms) => ({ running: ms > 5000 ? 3 : 2, alarms: ms > 6000 ? alarms : [] }));
  expect(outcome.stored.verdict).toMatchObject({ passed: true, reasons: [] });
  expect(outcome.stored.alarms).toEqual(alarms);
});

test('an alarm that is named to stop the run stops it', async () => {
  const long = planOf({ tasks: 2, durationMs: 60_000, target: { observe: 'stack' } });
  const alarms = [alarm({ at: BEGIN + 20_000, effect: 'stop' })];
  const outcome = await watch((ms) => ({ alarms: ms > 21_000 ? alarms : [] }), { plan: long });
  expectSound(outcome);
  expect(outcome.stored.stop).toMatchObject({ kind: 'alarm', exitCode: 120 });
  expect(outcome.stored.verdict.reasons).toEqual(['alarm errors fired at 00:00:20 UTC: too many']);
  expect(endMs(outcome)).toBeLessThan(25_000);
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
  const outcome = await watch((ms) => ({ samples: ms > 11_000 ? [{ series: 'cpu', at, value: 93 }] : [] }), {
    plan: long,
  });
  expect(outcome.stored.stop).toMatchObject({
    kind: 'threshold',
    exitCode: 120,
    message: expect.stringContaining('93'),
  });
  expect(endMs(outcome)).toBeLessThan(20_000);
});

test('metrics are published every ten seconds and once with zeros at the end; a sink that fails or hangs holds nothing up', async () => {
  const long = planOf({ tasks: 2, durationMs: 35_000 });
  const shown = await watch(() => ({}), { plan: long });
  expect(shown.interval.map(({ last }) => last)).toEqual([...shown.interval.slice(1).map(() => false), true]);
  expect(shown.interval.length).toBeGreaterThan(4);
  expect(shown.interval.length).toBeLessThan(8);

  const hangs = await simulate(scenario({ plan: long, metricsSink: { publish: () => new Promise(() => {}) } }));
  expect(hangs.stored.verdict).toMatchObject({ passed: true });
  const fails = await simulate(
    scenario({ plan: long, metricsSink: { publish: () => Promise.reject(new Error('no access')) } }),
  );
  expect(fails.stored.verdict).toMatchObject({ passed: true });
  expect(fails.stored.warnings).toEqual(['the metrics could not be published: no access']);
});
