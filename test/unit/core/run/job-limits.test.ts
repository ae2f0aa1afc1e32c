/** setup(), teardown() and handleSummary() may take as long as the script's own options say, and no longer. */
import { expect, test } from 'vitest';
import type { Job } from '../../../../core/contract/control.ts';
import { planOf } from '../../../support/sim/plan.ts';
import { scenario } from '../../../support/sim/scenario.ts';
import { simulate } from '../../../support/sim/world.ts';

const TEN_MINUTES = 600_000;
const plan = {
  ...planOf({ tasks: 2, exports: { setup: true, teardown: true, handleSummary: true } }),
  setupTimeoutMs: TEN_MINUTES,
  teardownTimeoutMs: TEN_MINUTES,
  handleSummaryTimeoutMs: TEN_MINUTES,
};

test.each<Job['kind']>(['setup', 'teardown', 'summary'])('%s may take ten minutes', async (kind) => {
  const { stored, jobs } = await simulate(scenario({ plan, jobMs: { [kind]: TEN_MINUTES - 1000 } }));
  expect(stored.verdict).toEqual({ passed: true, exitCode: 0, reasons: [] });
  expect(stored.warnings).toEqual([]);
  expect(jobs.map((job) => [job.kind, job.exitCode])).toEqual([
    ['setup', 0],
    ['teardown', 0],
    ['summary', 0],
  ]);
});

test.each<[Job['kind'], number, string]>([
  ['setup', 100, 'setup() did not end within its setupTimeout of 600 s'],
  ['teardown', 121, 'teardown() failed: the task that ran it was lost'],
])('%s that hangs fails the run with %i', async (kind, exitCode, reason) => {
  const { stored, left } = await simulate(scenario({ plan, jobMs: { [kind]: 3 * TEN_MINUTES }, limitMs: 3e6 }));
  expect(stored.verdict).toEqual({ passed: false, exitCode, reasons: [reason] });
  expect(left).toEqual([]);
});

test('handleSummary that hangs does not fail the run: its summary is the one of k6-fleet', async () => {
  const { stored, left } = await simulate(scenario({ plan, jobMs: { summary: 3 * TEN_MINUTES }, limitMs: 3e6 }));
  expect(stored.verdict.exitCode).toBe(0);
  expect(stored.warnings).toEqual([
    'handleSummary() failed, so the summary is the one of k6-fleet: the task that ran it was lost',
  ]);
  expect(left).toEqual([]);
});
