/** A run that is ended by the stopper, because nobody conducts it any more. */
import { expect, test } from 'vitest';
import { SupersededError } from '../../../../../core/errors.ts';
import { planOf } from '../../../../support/sim/plan.ts';
import { calm, scenario } from '../../../../support/sim/scenario.ts';
import { play } from '../../../../support/sim/world.ts';

const plan = planOf({ tasks: 3, durationMs: 20_000, exports: { setup: true, teardown: true, handleSummary: true } });

test.each([300, 2000, 4000, 10_000, 24_000])(
  'after %i ms: one result of what was measured, and no task left',
  async (abandonMs) => {
    const played = await play(scenario({ plan, abandonMs }));
    expect(played.endings.some((ending) => ending instanceof SupersededError)).toBe(true);
    expect(played.stored.stop).toEqual({ kind: 'internal', message: 'the state machine was aborted', exitCode: 1 });
    expect(played.stored.verdict).toMatchObject({ passed: false, exitCode: 1 });
    expect(played.left).toEqual([]);
    const shipped = played.windows.reduce((sum, { iterations }) => sum + iterations, 0);
    const counted = played.stored.metrics.iterations?.values.count ?? 0;
    expect(counted).toBe(shipped);
    expect(played.told.at(-1)?.control).toMatchObject({ phase: 'finished' });
    if (played.stored.run.startedAt !== null && abandonMs < 20_000) {
      expect(played.stored.tasks.map(({ state }) => state)).toEqual(['stopped', 'stopped', 'stopped']);
    }
  },
);

test('a run whose coordinator died is ended too', async () => {
  const crashes = [{ call: 150, after: false, restMs: 3_600_000 }];
  const played = await play(
    scenario({ plan, conductors: [{ ...calm, crashes }], abandonMs: 12_000, limitMs: 7_200_000 }),
  );
  expect(played.stored.stop?.kind).toBe('internal');
  expect(played.left).toEqual([]);
});

test('a run that has its result keeps it', async () => {
  const played = await play(scenario({ plan, abandonMs: 60_000 }));
  expect(played.stored.verdict).toMatchObject({ passed: true });
  expect(played.left).toEqual([]);
});
