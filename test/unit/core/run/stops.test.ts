/** A request to stop, in each phase of a simulated run: what plain k6 does at Ctrl-C. */
import { beforeAll, expect, test } from 'vitest';
import type { Phase } from '../../../../core/contract/control.ts';
import { planOf } from '../../../support/sim/plan.ts';
import { scenario } from '../../../support/sim/scenario.ts';
import { type Outcome, simulate } from '../../../support/sim/world.ts';

const plan = planOf({ tasks: 2, exports: { setup: true, teardown: true, handleSummary: true } });
let undisturbed: Outcome;

beforeAll(async () => {
  undisturbed = await simulate(scenario({ plan }));
});

/** How long after the start of the run a phase began, ms. */
function beginOf(phase: Phase): number {
  const [first] = undisturbed.controls;
  const entry = undisturbed.controls.find(({ control }) => control.phase === phase);
  return (entry?.at ?? Number.NaN) - (first?.at ?? Number.NaN);
}

/** The jobs that ran to their end. */
const completed = ({ jobs }: Outcome) => jobs.filter(({ exitCode }) => exitCode === 0).map(({ kind }) => kind);

test.each<[Phase, string[]]>([
  ['launching', ['summary']],
  ['setup', ['summary']],
  ['arming', ['setup', 'teardown', 'summary']],
  ['running', ['setup', 'teardown', 'summary']],
  ['teardown', ['setup', 'teardown', 'summary']],
  ['summary', ['setup', 'teardown']],
])('a stop in phase %s fails the run with 105; what completes: %j', async (phase, expected) => {
  const outcome = await simulate(scenario({ plan, stopMs: beginOf(phase) + 20 }));

  const { stop, verdict } = outcome.stored;
  expect(stop).toEqual({ kind: 'requested', message: 'stop it', exitCode: 105 });
  expect(verdict).toEqual({ passed: false, exitCode: 105, reasons: ['stop it'] });
  expect(completed(outcome)).toEqual(expected);
  expect(outcome.left).toEqual([]);
});
