/** Launches that the platform refuses, for now or for ever. */
import { expect, test } from 'vitest';
import type { LaunchResult } from '../../../../../core/ports.ts';
import { expectSound } from '../../../../support/sim/invariants.ts';
import { planOf } from '../../../../support/sim/plan.ts';
import { calm, scenario } from '../../../../support/sim/scenario.ts';
import { simulate } from '../../../../support/sim/world.ts';

const LAUNCHED: LaunchResult = { state: 'launched' };
const FULL: LaunchResult = { state: 'refused', reason: 'us-east-1a: RESOURCE:FARGATE is unavailable at this time' };

test('a task without room is tried again as another attempt, however often, and not counted as lost', async () => {
  const plan = planOf({ tasks: 3, durationMs: 1000 });
  const outcome = await simulate(
    scenario({ plan, onLaunch: (_, { task, attempt }) => (task === 1 && attempt < 6 ? FULL : LAUNCHED) }),
  );
  expectSound(outcome);
  expect(outcome.stored.verdict).toMatchObject({ passed: true });
  expect(outcome.stored.tasks.map(({ attempts }) => attempts)).toEqual([1, 7, 1]);
  expect(outcome.stored.warnings).toEqual([expect.stringMatching(/6 launches were refused and retried: us-east-1a/)]);
});

test('a run with a task that finds no room for ten minutes is given up', async () => {
  const plan = planOf({ tasks: 3 });
  const outcome = await simulate(scenario({ plan, onLaunch: (_, { task }) => (task === 2 ? FULL : LAUNCHED) }));
  expect(outcome.stored.stop).toMatchObject({
    kind: 'not-started',
    exitCode: 122,
    message: expect.stringMatching(/no capacity for task 2 for 10 min \(us-east-1a.*\); use fewer tasks/),
  });
  expect(outcome.stored.warnings).toHaveLength(1);
  expect(outcome.left).toEqual([]);
});

test('room that comes after nine minutes is in time', async () => {
  const plan = planOf({ tasks: 2, durationMs: 1000 });
  let first: number | null = null;
  const onLaunch = (_: number, { task }: { task: number }, at: number) => {
    first ??= at;
    return task === 0 && at < first + 9 * 60_000 ? FULL : LAUNCHED;
  };
  const outcome = await simulate(scenario({ plan, onLaunch }));
  expect(outcome.stored.verdict).toMatchObject({ passed: true });
});

test('a launch that can never succeed ends the run with its message, and the tasks that exist', async () => {
  const plan = planOf({ tasks: 5, timing: { launchesPerSecond: 1 } });
  const onLaunch = (nr: number) => {
    if (nr === 3) throw new Error('AccessDeniedException: not authorized to perform ecs:RunTask');
    return LAUNCHED;
  };
  const outcome = await simulate(scenario({ plan, onLaunch }));
  expect(outcome.stored.verdict).toEqual({
    passed: false,
    exitCode: 122,
    reasons: ['task 2 cannot be launched: AccessDeniedException: not authorized to perform ecs:RunTask'],
  });
  expect(outcome.stored.stop?.kind).toBe('not-started');
  expect(outcome.launches).toHaveLength(2);
  expect(outcome.left).toEqual([]);
});

test('no task is launched for a run that is stopped while tasks wait for their launch', async () => {
  const plan = planOf({ tasks: 10, timing: { launchesPerSecond: 1 } });
  const outcome = await simulate(scenario({ plan, stopMs: 2500 }));
  expect(outcome.launches.length).toBeLessThan(5);
  expect(outcome.stored.stop).toMatchObject({ kind: 'requested' });
  expect(outcome.left).toEqual([]);
});

test('a task for teardown that finds no room at once still does its job', async () => {
  const plan = planOf({ tasks: 1, durationMs: 1000, maxLost: 1, exports: { teardown: true } });
  const outcome = await simulate(
    scenario({
      plan,
      faults: [{ task: 0, kind: 'kill', when: { write: 4, moment: 'after' } }],
      onLaunch: (nr) => (nr === 2 ? FULL : LAUNCHED),
      coordinators: [calm],
    }),
  );
  expect(outcome.jobs).toEqual([expect.objectContaining({ kind: 'teardown', attempt: 2, exitCode: 0 })]);
});
