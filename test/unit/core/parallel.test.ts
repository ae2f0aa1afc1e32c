import fc from 'fast-check';
import { expect, test } from 'vitest';
import { eachInParallel } from '../../../core/parallel.ts';

test('everything once, never more at once than allowed, and as many as allowed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(40), fc.integer({ min: 1, max: 8 }), async (length, limit) => {
      const items = Array.from({ length }, (_, index) => index);
      const done: number[] = [];
      let now = 0;
      let most = 0;
      await eachInParallel(items, limit, async (item) => {
        most = Math.max(most, ++now);
        await Promise.resolve();
        now -= 1;
        done.push(item);
      });
      expect(done.sort((a, b) => a - b)).toEqual(items);
      expect(most).toBe(Math.min(limit, length));
    }),
  );
});

test('after an error nothing more is begun, and what was begun has ended', async () => {
  const begun: number[] = [];
  const ended: number[] = [];
  const work = eachInParallel([0, 1, 2, 3, 4], 2, async (item) => {
    begun.push(item);
    if (item === 0) throw new Error('no');
    await new Promise(setImmediate);
    ended.push(item);
  });
  await expect(work).rejects.toThrow('no');
  expect(begun).toEqual([0, 1]);
  expect(ended).toEqual([1]);
});
