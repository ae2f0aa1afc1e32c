import { describe, expect, it } from 'vitest';
import type { Observation, TargetObserver } from '../../../core/ports.ts';
import { observers } from '../../../observers/observer-set.ts';

const sees = (seen: Partial<Observation>): TargetObserver => ({
  observe: async () => ({ reading: null, events: [], samples: [], alarms: [], ...seen }),
});
const fails = (message: string): TargetObserver => ({
  observe: async () => {
    throw new Error(message);
  },
});
const reading = { at: 1, desired: 2, running: 2, pending: 0 };
const alarm = { name: 'a', at: 3, state: 'ALARM' as const, reason: 'up', effect: 'stop' as const };

describe('observers', () => {
  it('puts what all of them see together', async () => {
    const all = observers([sees({ reading, maximum: 9 }), sees({ alarms: [alarm] })]);
    expect(await all.observe(0)).toEqual({ reading, events: [], samples: [], alarms: [alarm], maximum: 9 });
  });

  it('says once that one of them fails, and hides nothing of the others', async () => {
    const all = observers([fails('ECS says no'), sees({ alarms: [alarm] })], () => 5);
    const event = { at: 5, message: 'ECS says no' };
    expect(await all.observe(0)).toMatchObject({ reading: null, events: [event], alarms: [alarm] });
    expect(await all.observe(0)).toMatchObject({ events: [], alarms: [alarm] });
  });

  it('says it again where it fails anew', async () => {
    let broken = true;
    const flaky: TargetObserver = { observe: (since) => (broken ? fails('no') : sees({ reading })).observe(since) };
    const all = observers([flaky, sees({})], () => 5);
    expect((await all.observe(0)).events).toHaveLength(1);
    broken = false;
    expect((await all.observe(0)).reading).toEqual(reading);
    broken = true;
    expect((await all.observe(0)).events).toHaveLength(1);
  });

  it('fails where all of them fail', async () => {
    await expect(observers([fails('first'), fails('second')]).observe(0)).rejects.toThrow('first');
    await expect(observers([fails('only')]).observe(0)).rejects.toThrow('only');
  });
});
