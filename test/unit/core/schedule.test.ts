import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Schedule } from '../../../core/schedule.ts';

it('is due on every tick, though ticks come a little early and a little late', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 2, maxLength: 100 }), (jitters) => {
      let now = 0;
      const schedule = new Schedule<'progress'>({ now: () => now, sleep: async () => {} });
      const due = jitters.filter((jitter, tick) => {
        now = (tick + 1) * 1000 + jitter;
        return schedule.isDue('progress', 1000);
      });
      // The lead of the latest tick is made up for once, and never again.
      expect(due.length).toBeGreaterThanOrEqual(jitters.length - 1 - Math.ceil(Math.log2(jitters.length)));
    }),
  );
});

it('makes nothing up for what was missed', () => {
  let now = 0;
  const schedule = new Schedule<'progress'>({ now: () => now, sleep: async () => {} });
  const dueAt = (at: number) => {
    now = at;
    return schedule.isDue('progress', 1000);
  };
  expect([0, 10_000, 10_400, 10_800, 11_200].map(dueAt)).toEqual([true, true, false, true, false]);
});
