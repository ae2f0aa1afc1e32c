import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  launchSeconds,
  pacedSeconds,
  subnetIndex,
  TASK_START_SECONDS,
  TokenBucket,
  tasksPerSubnet,
} from '../../../../core/aws/pacing.ts';

describe('the token bucket', () => {
  it('never lets more through than the burst and what has been refilled', () => {
    const rate = fc.record({ burst: fc.integer({ min: 1, max: 100 }), perSecond: fc.integer({ min: 1, max: 100 }) });
    const gaps = fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(rate, gaps, ({ burst, perSecond }, waits) => {
        const bucket = new TokenBucket({ burst, perSecond });
        let now = 0;
        const calls = waits.map((gap) => {
          now += gap;
          now += bucket.take(now);
          return now;
        });
        for (const [first, from] of calls.entries()) {
          for (let last = first; last < calls.length; last += 1) {
            const spanMs = (calls[last] ?? 0) - from + 1; // a wait is rounded up to a whole one
            expect(last - first + 1).toBeLessThanOrEqual(burst + (spanMs * perSecond) / 1000);
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  it('counts calls that are asked for at the same time', () => {
    const bucket = new TokenBucket({ burst: 2, perSecond: 10 });
    expect([1, 2, 3, 4].map(() => bucket.take(1000))).toEqual([0, 0, 100, 200]);
  });
});

describe('placement', () => {
  it('spreads first attempts as evenly as can be, and the counts say so', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 6 }), (tasks, subnets) => {
        const counted = Array.from({ length: subnets }, () => 0);
        for (let task = 0; task < tasks; task += 1) {
          const index = subnetIndex(task, 0, subnets);
          counted[index] = (counted[index] ?? 0) + 1;
        }
        expect(tasksPerSubnet(tasks, subnets)).toEqual(counted);
        expect(Math.max(...counted) - Math.min(...counted)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('sends the next attempt elsewhere', () => {
    expect([0, 1, 2].map((attempt) => subnetIndex(4, attempt, 3))).toEqual([1, 2, 0]);
  });
});

it('tells how long the launch takes', () => {
  expect(pacedSeconds(20, 20)).toBe(0);
  expect(launchSeconds(1, 20)).toBe(TASK_START_SECONDS);
  expect(launchSeconds(1000, 20)).toBe(49 + TASK_START_SECONDS);
});
