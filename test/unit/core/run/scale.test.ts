/** A thousand tasks with the timing of AWS, in virtual time. */
import { expect, test } from 'vitest';
import { awsTiming } from '../../../../core/plan/build.ts';
import { launchRate } from '../../../../core/run/launch-rate.ts';
import { expectSound } from '../../../support/sim/invariants.ts';
import { planOf } from '../../../support/sim/plan.ts';
import { scenario } from '../../../support/sim/scenario.ts';
import { type Outcome, simulate } from '../../../support/sim/world.ts';

const RATE = 20;

function expectPaced({ launchTimes }: Outcome, tasks: number): void {
  const last = launchTimes.at(-1) ?? 0;
  const seconds = (last - (launchTimes[0] ?? 0)) / 1000;
  expect(seconds, 'as fast as allowed, but for the ticks').toBeLessThan((tasks / RATE - 1) * 1.02 + 2);
  launchTimes.forEach((from, first) => {
    const inTen = launchTimes.slice(first).filter((at) => at <= from + 10_000).length;
    expect(inTen, 'never faster').toBeLessThanOrEqual(launchRate(RATE).burst + 10 * RATE);
  });
}

test('300 tasks over legs of 20 s, with a crash while they launch and one under load: nothing lost, nothing twice', async () => {
  const tasks = 300;
  const plan = planOf({ tasks, durationMs: 20_000, exports: { setup: true }, timing: awsTiming(tasks) });
  const crashes = [
    { call: 400, after: true, restMs: 2000 },
    { call: 3000, after: false, restMs: 2000 },
  ];
  const outcome = await simulate(
    scenario({ plan, latencyMs: 20, coordinators: [{ startMs: 0, crashes, legMs: 20_000 }] }),
  );
  expectSound(outcome);
  expect(outcome.stored.verdict).toMatchObject({ passed: true });
  expect(outcome.stored.run.legs).toBeGreaterThan(4);
  expect(outcome.stored.tasks.every(({ startSkewMs }) => startSkewMs === 0)).toBe(true);
  expect(outcome.left).toEqual([]);
});

test('1,000 tasks: launched at 20 a second, started together, and looked at without haste', async () => {
  const tasks = 1000;
  const timing = awsTiming(tasks);
  const plan = planOf({ tasks, durationMs: 20_000, timing });
  const outcome = await simulate(scenario({ plan, latencyMs: 20 }));
  expectSound(outcome);
  expectPaced(outcome, tasks);
  expect(outcome.stored.verdict).toMatchObject({ passed: true });
  expect(new Set(outcome.stored.tasks.map(({ startSkewMs }) => startSkewMs))).toEqual(new Set([0]));
  // A window and a word of each task every five seconds, stop.json, and what the two contested files take.
  const perSecond = (2 * tasks) / (timing.taskPollIntervalMs / 1000);
  const seconds = [...outcome.gets.keys()].sort((a, b) => a - b);
  for (const first of seconds) {
    const inFive = [0, 1, 2, 3, 4].reduce((sum, each) => sum + (outcome.gets.get(first + each) ?? 0), 0);
    expect(inFive).toBeLessThanOrEqual(5 * perSecond * 1.1);
  }
});
