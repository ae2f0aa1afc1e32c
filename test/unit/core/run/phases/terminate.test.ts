/** A run that the stopper terminates because no coordinator drives it any more. */
import { expect, test } from 'vitest';
import { SupersededError } from '../../../../../core/errors.ts';
import { planOf } from '../../../../support/sim/plan.ts';
import { calm, scenario } from '../../../../support/sim/scenario.ts';
import { simulate } from '../../../../support/sim/world.ts';

const plan = planOf({ tasks: 3, durationMs: 20_000, exports: { setup: true, teardown: true, handleSummary: true } });

test.each([300, 2000, 4000, 10_000, 24_000])(
  'after %i ms: one result of what was measured, and no task left',
  async (terminateMs) => {
    const outcome = await simulate(scenario({ plan, terminateMs }));
    expect(outcome.endings.some((ending) => ending instanceof SupersededError)).toBe(true);
    expect(outcome.stored.stop).toEqual({ kind: 'internal', message: 'the state machine was aborted', exitCode: 1 });
    expect(outcome.stored.verdict).toMatchObject({ passed: false, exitCode: 1 });
    expect(outcome.left).toEqual([]);
    const shipped = outcome.windows.reduce((sum, { iterations }) => sum + iterations, 0);
    const counted = outcome.stored.metrics.iterations?.values.count ?? 0;
    expect(counted).toBe(shipped);
    expect(outcome.controls.at(-1)?.control).toMatchObject({ phase: 'finished' });
    if (outcome.stored.run.startedAt !== null && terminateMs < 20_000) {
      expect(outcome.stored.tasks.map(({ state }) => state)).toEqual(['stopped', 'stopped', 'stopped']);
    }
  },
);

test('a run whose coordinator crashed is terminated, too', async () => {
  const crashes = [{ call: 150, after: false, restMs: 3_600_000 }];
  const outcome = await simulate(
    scenario({ plan, coordinators: [{ ...calm, crashes }], terminateMs: 12_000, limitMs: 7_200_000 }),
  );
  expect(outcome.stored.stop?.kind).toBe('internal');
  expect(outcome.left).toEqual([]);
});

test('a run that has its result keeps it', async () => {
  const outcome = await simulate(scenario({ plan, terminateMs: 60_000 }));
  expect(outcome.stored.verdict).toMatchObject({ passed: true });
  expect(outcome.left).toEqual([]);
});

test('a leg that claims the run while it is being terminated writes the same result', async () => {
  const loadPlan = planOf({ tasks: 3, durationMs: 20_000 });
  let claimedBack = 0;
  for (let lateMs = 0; lateMs <= 400; lateMs += 25) {
    const terminateMs = 10_000;
    const leg = { ...calm, startMs: terminateMs + lateMs };
    const outcome = await simulate(scenario({ plan: loadPlan, coordinators: [calm, leg], terminateMs, latencyMs: 20 }));
    if (outcome.stored.stop === null) continue; // the leg came first
    if (outcome.endings.some((ending) => !(ending instanceof SupersededError) && outcome.superseded.length > 1)) {
      claimedBack += 1;
    }
    expect(outcome.stored.tasks.map(({ state, requests }) => [state, requests > 0])).toEqual(
      outcome.stored.tasks.map(() => ['stopped', true]),
    );
    expect(outcome.left).toEqual([]);
  }
  expect(claimedBack).toBeGreaterThan(0);
});
