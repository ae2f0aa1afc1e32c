/** Thresholds with abortOnFail over whole runs in virtual time: judged at the frontier, in every phase. */
import { describe, expect, it } from 'vitest';
import type { Plan, ThresholdKey } from '../../../../core/contract/plan.ts';
import type { Progress } from '../../../../core/contract/progress.ts';
import { awsTiming } from '../../../../core/plan/build.ts';
import { threshold, thresholdKey } from '../../../support/pooled.ts';
import { planOf } from '../../../support/sim/plan.ts';
import { calm, scenario } from '../../../support/sim/scenario.ts';
import { type Scenario, simulate } from '../../../support/sim/world.ts';

const abortOnFail = { abortOnFail: true };
/** 20 requests/s in each of three tasks. */
const RATE = 20;

const perSecond = (operator: '<' | '>', value: number, delayAbortEvalMs = 3000): ThresholdKey =>
  thresholdKey('http_reqs', 'counter', [threshold('rate', operator, value, { ...abortOnFail, delayAbortEvalMs })]);

function run(keys: ThresholdKey[], more: Partial<Scenario> = {}, timing: Partial<Plan['timing']> = {}) {
  return simulate(
    scenario({ plan: planOf({ durationMs: 20_000, thresholds: keys, maxLost: 3, timing }), rate: RATE, ...more }),
  );
}

describe('a healthy run is not aborted', () => {
  const steadyVus = thresholdKey('vus', 'gauge', [threshold('value', '>=', 3, abortOnFail)]);
  it.each<[string, ThresholdKey]>([
    ['a rate of requests of which windows are still on their way', perSecond('>', 54)],
    ['the VUs while the first tasks have delivered theirs', steadyVus],
  ])('by %s', async (_, key) => {
    for (const [seed, timing] of [{}, {}, awsTiming(3), awsTiming(100)].entries()) {
      const { stored } = await run([key], { seed: seed + 1, latencyMs: 60 }, timing);
      expect([seed, stored.verdict.reasons]).toEqual([seed, []]);
    }
  });

  it('over legs that end and crash', async () => {
    const crashes = [{ call: 150, after: true, restMs: 3000 }];
    const coordinators = [{ ...calm, crashes, legMs: 6000 }];
    const { stored } = await run([perSecond('>', 54), steadyVus], { coordinators });
    expect(stored.verdict.reasons).toEqual([]);
    expect(stored.run.legs).toBeGreaterThan(2);
  });
});

describe('a run is aborted', () => {
  const loadMs = ({ run: { startedAt, testRunDurationMs } }: Awaited<ReturnType<typeof run>>['stored']) => {
    expect(startedAt).not.toBeNull();
    return testRunDurationMs;
  };

  it('soon after the threshold is crossed and its delay is over', async () => {
    const { stored } = await run([perSecond('<', 54, 4000)]);
    expect(stored.stop).toMatchObject({ kind: 'threshold', exitCode: 99 });
    expect(loadMs(stored)).toBeGreaterThan(4000);
    // Two windows, one interval between judgements, and the stop itself.
    expect(loadMs(stored)).toBeLessThan(4000 + 2000 + 2000 + 1500);
  });

  it('though a task is silent: the frontier leaves it behind', async () => {
    const { stored } = await run([perSecond('<', 30, 9000)], {
      faults: [{ task: 1, kind: 'freeze', when: { ms: 5000 } }],
      limitMs: 900_000,
    });
    expect(stored.stop).toMatchObject({ kind: 'threshold', exitCode: 99 });
  });

  it('though a task is lost: the survivors are judged', async () => {
    const { stored } = await run([perSecond('<', 30, 9000)], {
      faults: [{ task: 1, kind: 'kill', when: { ms: 5000 } }],
    });
    expect(stored.stop).toMatchObject({ kind: 'threshold', exitCode: 99 });
    expect(loadMs(stored)).toBeLessThan(9000 + 2000 + 2000 + 1500);
  });
});

describe('progress.json', () => {
  async function progressOf(keys: ThresholdKey[], more: Partial<Scenario> = {}): Promise<Progress[]> {
    const all: Progress[] = [];
    await run(keys, { ...more, onProgress: (progress) => all.push(progress) });
    return all;
  }

  it('shows the survivors of a lost task as soon as it is lost', async () => {
    const all = await progressOf([], { faults: [{ task: 1, kind: 'kill', when: { ms: 8000 } }] });
    const lostAt = all.find(({ tasks }) => tasks.lost === 1)?.at ?? 0;
    // What it has sent before is in the mean over the last three seconds, which are at most two windows old.
    const after = all.filter(({ at, phase }) => phase === 'running' && at > lostAt + 6000 && at < lostAt + 10_000);
    expect(after.length).toBeGreaterThan(2);
    for (const { vus, requestsPerSecond } of after) expect([vus, requestsPerSecond]).toEqual([2, 2 * RATE]);
  });

  it('shows the VUs and the rate of all tasks, though some have delivered more', async () => {
    const all = await progressOf([], { latencyMs: 60 });
    const [first, ...later] = all.filter(({ vus, phase }) => phase === 'running' && vus > 0);
    expect(first?.vus).toBe(3);
    expect(later.length).toBeGreaterThan(10);
    for (const { vus, requestsPerSecond } of later.slice(3, -3))
      expect([vus, requestsPerSecond]).toEqual([3, 3 * RATE]);
  });

  it('has thresholds that are not decided yet, until they are', async () => {
    const count = thresholdKey('http_reqs', 'counter', [threshold('count', '>', 600), threshold('count', '<', 300)]);
    const all = await progressOf([count]);
    const states = (index: number) => [...new Set(all.map(({ thresholds }) => thresholds[index]?.state))];
    expect(states(0)).toEqual(['undecided', 'passing']);
    expect(states(1)).toEqual(['undecided', 'passing', 'failing']);
    expect(all.at(-1)?.thresholds.map(({ state }) => state)).toEqual(['passing', 'failing']);
  });
});
