/** The real coordinator with simulated tasks: any order of losses, crashes, rival coordinators and stops. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SupersededError } from '../../../../core/errors.ts';
import { expectSound } from '../../../support/sim/invariants.ts';
import { planOf } from '../../../support/sim/plan.ts';
import { calm, scenario } from '../../../support/sim/scenario.ts';
import { type Fault, type Outcome, type Scenario, simulate } from '../../../support/sim/world.ts';

const RUNS = { numRuns: 60 };

const plans = fc
  .record({
    tasks: fc.integer({ min: 1, max: 4 }),
    durationMs: fc.constantFrom(1000, 3000, 5000),
    maxLost: fc.integer({ min: 0, max: 1 }),
    exports: fc.record({ setup: fc.boolean(), teardown: fc.boolean(), handleSummary: fc.boolean() }),
  })
  .map(planOf);

/** Most of a run: launch, setup, load and the jobs after it. */
const moment = fc.integer({ min: 0, max: 12_000 });
const faultOf = (...kinds: Fault['kind'][]) =>
  fc.record<Fault>({
    task: fc.integer({ min: 0, max: 3 }),
    kind: fc.constantFrom(...kinds),
    when: fc.oneof(
      fc.record({ ms: moment }),
      fc.record({ write: fc.integer({ min: 1, max: 16 }), moment: fc.constantFrom('before', 'after') }),
    ),
  });
const crash = fc.record({
  call: fc.integer({ min: 1, max: 400 }),
  after: fc.boolean(),
  restMs: fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: 0, max: 3000 }) },
    { weight: 1, arbitrary: fc.constant(30_000) },
  ),
});
const base = { plan: plans, seed: fc.nat(), latencyMs: fc.constantFrom(0, 5, 40) };

/** Simulates any scenario of this kind, and checks that the run is sound. */
const check = (worlds: { [key in keyof Scenario]?: fc.Arbitrary<Scenario[key]> }, also?: (outcome: Outcome) => void) =>
  fc.assert(
    fc.asyncProperty(
      fc.record({ ...base, ...worlds } as { [key in keyof Scenario]: fc.Arbitrary<Scenario[key]> }),
      async (part) => {
        const outcome = await simulate(scenario(part));
        expectSound(outcome);
        also?.(outcome);
      },
    ),
    RUNS,
  );

test('a run without faults: everything once, nothing lost, exit code 0', async () => {
  const plan = planOf({ tasks: 4, exports: { setup: true, teardown: true, handleSummary: true } });
  const outcome = await simulate(scenario({ plan }));
  expectSound(outcome);
  expect(outcome.stored.verdict).toEqual({ passed: true, exitCode: 0, reasons: [] });
  expect(outcome.launches).toHaveLength(4);
  expect(outcome.jobs.map(({ kind, exitCode }) => ({ kind, exitCode }))).toEqual([
    { kind: 'setup', exitCode: 0 },
    { kind: 'teardown', exitCode: 0 },
    { kind: 'summary', exitCode: 0 },
  ]);
  expect(new Set(outcome.controls.map(({ control }) => control.phase))).toEqual(
    new Set(['launching', 'setup', 'arming', 'running', 'teardown', 'summary', 'finished']),
  );
});

test('without faults every run passes', () =>
  check({}, ({ stored }) => expect(stored.verdict).toEqual({ passed: true, exitCode: 0, reasons: [] })));

test('tasks that are lost at any moment', () =>
  check({ faults: fc.array(faultOf('kill', 'kill-k6'), { minLength: 1, maxLength: 3 }) }));

test('tasks that hang at any moment', () =>
  check({ faults: fc.array(faultOf('freeze', 'kill'), { minLength: 1, maxLength: 2 }) }));

test('a coordinator that crashes between any two calls, again and again', () =>
  check(
    { coordinators: fc.array(crash, { minLength: 1, maxLength: 4 }).map((crashes) => [{ startMs: 0, crashes }]) },
    ({ stored, controls }) => expect(stored.run.legs).toBeLessThanOrEqual(new Set(controls.map(({ leg }) => leg)).size),
  ));

test('crashes and losses together', () =>
  check({
    faults: fc.array(faultOf('kill', 'kill-k6'), { minLength: 1, maxLength: 2 }),
    coordinators: fc.array(crash, { minLength: 1, maxLength: 3 }).map((crashes) => [{ startMs: 0, crashes }]),
  }));

test('a stop at any moment', () =>
  check({ stopMs: moment, faults: fc.array(faultOf('kill'), { maxLength: 1 }) }, ({ stored }) => {
    if (stored.stop?.kind === 'requested') expect(stored.verdict.exitCode).toBe(105);
  }));

test('a stop and crashes', () =>
  check({
    stopMs: moment,
    coordinators: fc.array(crash, { minLength: 1, maxLength: 2 }).map((crashes) => [{ startMs: 0, crashes }]),
  }));

const legMs = fc.option(fc.integer({ min: 0, max: 3000 }), { nil: undefined });

test('short legs, crashes and losses', () =>
  check({
    faults: fc.array(faultOf('kill', 'kill-k6'), { maxLength: 1 }),
    coordinators: fc
      .record({ crashes: fc.array(crash, { maxLength: 2 }), legMs })
      .map((coordinator) => [{ startMs: 0, ...coordinator }]),
  }));

const stall = fc.option(fc.record({ call: fc.integer({ min: 1, max: 300 }), ms: fc.integer({ min: 1, max: 6000 }) }), {
  nil: undefined,
});

test('of two coordinators one is superseded and the other completes the run', () =>
  check(
    {
      coordinators: fc.tuple(stall, stall, moment).map(([a, b, startMs]) => [
        { ...calm, stall: a },
        { startMs, crashes: [], stall: b },
      ]),
    },
    ({ superseded, controls }) => {
      for (const { leg, at } of superseded) {
        expect(controls.filter((control) => control.leg === leg && control.at > at)).toEqual([]);
      }
    },
  ));

test('three coordinators that stall and crash', () =>
  check({
    coordinators: fc
      .array(fc.record({ startMs: moment, crashes: fc.array(crash, { maxLength: 2 }), stall }), {
        minLength: 3,
        maxLength: 3,
      })
      .map((all) => [{ ...calm }, ...all]),
  }));

test('two coordinators from the very start', async () => {
  const outcome = await simulate(scenario({ coordinators: [calm, calm] }));
  expectSound(outcome);
  expect(outcome.endings.filter((ending) => ending instanceof SupersededError)).toHaveLength(1);
});

test('a coordinator that is held up in its claim does not act on the checkpoint of its successor', async () => {
  const held = { startMs: 1, crashes: [], stall: { call: 3, ms: 3400 } };
  const later = [1800, 5237].map((startMs) => ({ ...calm, startMs }));
  const plan = planOf({ tasks: 1, durationMs: 1000 });
  expectSound(
    await simulate(scenario({ plan, seed: 0, latencyMs: 0, coordinators: [calm, ...later.toReversed(), held] })),
  );
});
