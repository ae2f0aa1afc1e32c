import { describe, expect, it } from 'vitest';
import type { Observation, TargetObserver } from '../../../core/ports.ts';
import { ObserverSet } from '../../../observers/observer-set.ts';

const reads = (observation: Partial<Observation>): TargetObserver => ({
  observe: async () => ({ reading: null, events: [], samples: [], alarms: [], ...observation }),
});
const fails = (message: string): TargetObserver => ({
  observe: async () => {
    throw new Error(message);
  },
});
const reading = { at: 1, desired: 2, running: 2, pending: 0 };
const alarm = { name: 'a', at: 3, state: 'ALARM' as const, reason: 'up', effect: 'stop' as const };

describe('ObserverSet', () => {
  it('combines what all observers read', async () => {
    const all = new ObserverSet([reads({ reading, maximum: 9 }), reads({ alarms: [alarm] })]);
    expect(await all.observe(0)).toEqual({ reading, events: [], samples: [], alarms: [alarm], maximum: 9 });
  });

  it('reports a failing observer once, and what the others read', async () => {
    const all = new ObserverSet([fails('ECS says no'), reads({ alarms: [alarm] })], () => 5);
    const event = { at: 5, message: 'ECS says no' };
    expect(await all.observe(0)).toMatchObject({ reading: null, events: [event], alarms: [alarm] });
    expect(await all.observe(0)).toMatchObject({ events: [], alarms: [alarm] });
  });

  it('reports it again if it fails after a success', async () => {
    let broken = true;
    const flaky: TargetObserver = { observe: (since) => (broken ? fails('no') : reads({ reading })).observe(since) };
    const all = new ObserverSet([flaky, reads({})], () => 5);
    expect((await all.observe(0)).events).toHaveLength(1);
    broken = false;
    expect((await all.observe(0)).reading).toEqual(reading);
    broken = true;
    expect((await all.observe(0)).events).toHaveLength(1);
  });

  it('fails if all of them fail', async () => {
    await expect(new ObserverSet([fails('first'), fails('second')]).observe(0)).rejects.toThrow('first');
    await expect(new ObserverSet([fails('only')]).observe(0)).rejects.toThrow('only');
  });
});
