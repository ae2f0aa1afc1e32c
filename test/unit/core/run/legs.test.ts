/** A run over many short legs is the run over one. */
import { expect, test } from 'vitest';
import type { Result } from '../../../../core/contract/result.ts';
import { expectSound } from '../../../support/sim/invariants.ts';
import { planOf } from '../../../support/sim/plan.ts';
import { calm, scenario } from '../../../support/sim/scenario.ts';
import { type Played, play } from '../../../support/sim/world.ts';

const plan = planOf({
  tasks: 4,
  durationMs: 8000,
  exports: { setup: true, teardown: true, handleSummary: true },
  timing: { launchesPerSecond: 2 },
});

/** What must not depend on how often the coordinator changed: no moments, no durations. */
function essence({ stored, launches }: Played) {
  const { verdict, stop, warnings, generator, metrics, tasks, checks, alarms } = stored satisfies Result;
  const counts = Object.entries(metrics).map(([name, { values }]) => [name, values.count]);
  const each = tasks.map(({ task, attempts, state, exitCode, iterations, lost }) => ({
    task,
    attempts,
    state,
    exitCode,
    iterations,
    lost,
  }));
  const launched = launches.map(({ task, attempt }) => `${task}/${attempt}`).sort();
  return { verdict, stop, warnings, generator, counts, tasks: each, checks, alarms, launched };
}

test.each([0, 700, 2500])('legs of %i ms', async (legMs) => {
  const whole = await play(scenario({ plan }));
  const parts = await play(scenario({ plan, conductors: [{ ...calm, legMs }] }));
  expectSound(parts);
  expect(parts.stored.run.legs).toBeGreaterThan(3);
  expect(essence(parts)).toEqual(essence(whole));
});

test('a leg that is over stops nothing, and has told all that it knows', async () => {
  const played = await play(scenario({ plan, conductors: [{ ...calm, legMs: 1500 }] }));
  expect(played.stored.tasks.every(({ state, attempts }) => state === 'done' && attempts === 1)).toBe(true);
  expect(played.jobs.map(({ kind }) => kind)).toEqual(['setup', 'teardown', 'summary']);
});
