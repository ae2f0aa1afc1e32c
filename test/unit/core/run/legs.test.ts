/** A run of many short legs gives the same result as a run of one. */
import { expect, test } from 'vitest';
import type { Result } from '../../../../core/contract/result.ts';
import { expectSound } from '../../../support/sim/invariants.ts';
import { planOf } from '../../../support/sim/plan.ts';
import { calm, scenario } from '../../../support/sim/scenario.ts';
import { type Outcome, simulate } from '../../../support/sim/world.ts';

const plan = planOf({
  tasks: 4,
  durationMs: 8000,
  exports: { setup: true, teardown: true, handleSummary: true },
  timing: { launchesPerSecond: 2 },
});

/** All that must not depend on the number of legs: no times, no durations. */
function essence({ stored, launches }: Outcome) {
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
  const whole = await simulate(scenario({ plan }));
  const parts = await simulate(scenario({ plan, coordinators: [{ ...calm, legMs }] }));
  expectSound(parts);
  expect(parts.stored.run.legs).toBeGreaterThan(3);
  expect(essence(parts)).toEqual(essence(whole));
});

test('the end of a leg stops no task and repeats no job', async () => {
  const outcome = await simulate(scenario({ plan, coordinators: [{ ...calm, legMs: 1500 }] }));
  expect(outcome.stored.tasks.every(({ state, attempts }) => state === 'done' && attempts === 1)).toBe(true);
  expect(outcome.jobs.map(({ kind }) => kind)).toEqual(['setup', 'teardown', 'summary']);
});
