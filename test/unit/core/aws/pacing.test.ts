import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  launchSeconds,
  pacedSeconds,
  subnetIndex,
  TASK_START_SECONDS,
  tasksPerSubnet,
} from '../../../../core/aws/pacing.ts';

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

  it('sends the next attempt to another subnet', () => {
    expect([0, 1, 2].map((attempt) => subnetIndex(4, attempt, 3))).toEqual([1, 2, 0]);
  });
});

it('computes how long the launch takes', () => {
  expect(pacedSeconds(20, 20)).toBe(0);
  expect(launchSeconds(1, 20)).toBe(TASK_START_SECONDS);
  expect(launchSeconds(1000, 20)).toBe(49 + TASK_START_SECONDS);
});
