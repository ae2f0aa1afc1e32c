/** The real coordinator in a simulated world: any order of losses, crashes, rivals and stops. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SupersededError } from '../../../../core/errors.ts';
import { expectSound } from '../../../support/sim/invariants.ts';
import { planOf } from '../../../support/sim/plan.ts';
import { calm, scenario } from '../../../support/sim/scenario.ts';
import { type Fault, type Played, play, type Scenario } from '../../../support/sim/world.ts';

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

/** Plays any world of that kind, and looks whether the run was sound. */
const check = (worlds: { [key in keyof Scenario]?: fc.Arbitrary<Scenario[key]> }, also?: (played: Played) => void) =>
  fc.assert(
    fc.asyncProperty(
      fc.record({ ...base, ...worlds } as { [key in keyof Scenario]: fc.Arbitrary<Scenario[key]> }),
      async (part) => {
        const played = await play(scenario(part));
        expectSound(played);
        also?.(played);
      },
    ),
    RUNS,
  );

test('a calm run: everything once, nothing lost, exit code 0', async () => {
  const plan = planOf({ tasks: 4, exports: { setup: true, teardown: true, handleSummary: true } });
  const played = await play(scenario({ plan }));
  expectSound(played);
  expect(played.stored.verdict).toEqual({ passed: true, exitCode: 0, reasons: [] });
  expect(played.launches).toHaveLength(4);
  expect(played.jobs.map(({ kind, exitCode }) => ({ kind, exitCode }))).toEqual([
    { kind: 'setup', exitCode: 0 },
    { kind: 'teardown', exitCode: 0 },
    { kind: 'summary', exitCode: 0 },
  ]);
  expect(new Set(played.told.map(({ control }) => control.phase))).toEqual(
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
    { conductors: fc.array(crash, { minLength: 1, maxLength: 4 }).map((crashes) => [{ startMs: 0, crashes }]) },
    ({ stored, told }) => expect(stored.run.legs).toBeLessThanOrEqual(new Set(told.map(({ leg }) => leg)).size),
  ));

test('crashes and losses together', () =>
  check({
    faults: fc.array(faultOf('kill', 'kill-k6'), { minLength: 1, maxLength: 2 }),
    conductors: fc.array(crash, { minLength: 1, maxLength: 3 }).map((crashes) => [{ startMs: 0, crashes }]),
  }));

test('a stop at any moment', () =>
  check({ stopMs: moment, faults: fc.array(faultOf('kill'), { maxLength: 1 }) }, ({ stored }) => {
    if (stored.stop?.kind === 'requested') expect(stored.verdict.exitCode).toBe(105);
  }));

test('a stop and crashes', () =>
  check({
    stopMs: moment,
    conductors: fc.array(crash, { minLength: 1, maxLength: 2 }).map((crashes) => [{ startMs: 0, crashes }]),
  }));

const legMs = fc.option(fc.integer({ min: 0, max: 3000 }), { nil: undefined });

test('short legs, crashes and losses', () =>
  check({
    faults: fc.array(faultOf('kill', 'kill-k6'), { maxLength: 1 }),
    conductors: fc
      .record({ crashes: fc.array(crash, { maxLength: 2 }), legMs })
      .map((conductor) => [{ startMs: 0, ...conductor }]),
  }));

const stall = fc.option(fc.record({ call: fc.integer({ min: 1, max: 300 }), ms: fc.integer({ min: 1, max: 6000 }) }), {
  nil: undefined,
});

test('of two coordinators one stops and the other brings the run to its right end', () =>
  check(
    {
      conductors: fc.tuple(stall, stall, moment).map(([a, b, startMs]) => [
        { ...calm, stall: a },
        { startMs, crashes: [], stall: b },
      ]),
    },
    ({ superseded, told }) => {
      for (const { leg, at } of superseded) {
        expect(told.filter((word) => word.leg === leg && word.at > at)).toEqual([]);
      }
    },
  ));

test('three coordinators that stall and crash', () =>
  check({
    conductors: fc
      .array(fc.record({ startMs: moment, crashes: fc.array(crash, { maxLength: 2 }), stall }), {
        minLength: 3,
        maxLength: 3,
      })
      .map((all) => [{ ...calm }, ...all]),
  }));

test('two coordinators from the very start', async () => {
  const played = await play(scenario({ conductors: [calm, calm] }));
  expectSound(played);
  expect(played.endings.filter((ending) => ending instanceof SupersededError)).toHaveLength(1);
});

test('a coordinator that is held up while it takes over does not act on the checkpoint of its successor', async () => {
  const held = { startMs: 1, crashes: [], stall: { call: 3, ms: 3400 } };
  const later = [1800, 5237].map((startMs) => ({ ...calm, startMs }));
  const plan = planOf({ tasks: 1, durationMs: 1000 });
  expectSound(await play(scenario({ plan, seed: 0, latencyMs: 0, conductors: [calm, ...later.toReversed(), held] })));
});
