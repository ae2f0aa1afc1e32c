import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shares } from '../../../../core/plan/shares.ts';

test('shares add up to the total and differ by at most one', () => {
  fc.assert(
    fc.property(fc.nat(1_000_000), fc.integer({ min: 1, max: 500 }), (total, parts) => {
      const split = shares(total, parts);
      expect(split).toHaveLength(parts);
      expect(split.reduce((sum, share) => sum + share, 0)).toBe(total);
      expect(Math.max(...split) - Math.min(...split)).toBeLessThanOrEqual(1);
      expect(split).toEqual([...split].sort((a, b) => b - a));
    }),
  );
});

test.each([
  [10, 3, [4, 3, 3]],
  [2, 4, [1, 1, 0, 0]],
  [0, 2, [0, 0]],
])('%i over %i', (total, parts, expected) => expect(shares(total, parts)).toEqual(expected));
