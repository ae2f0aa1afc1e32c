import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AutoscalerState,
  initialState,
  METRIC_PERIOD_MS,
  SCALING_POLICY,
  step,
} from '../../../demo/autoscaler.ts';

const { minTasks, maxTasks, target, highPoints, lowPoints, lowFactor, scaleInCooldownMs } = SCALING_POLICY;

/** Feeds one utilization a minute to a service whose tasks start at once; returns the states after each. */
function feed(utilizations: readonly number[], from = minTasks): AutoscalerState[] {
  let state = initialState(from);
  return utilizations.map((utilization, minute) => {
    state = step(state, { at: minute * METRIC_PERIOD_MS, utilization, running: state.desired }, SCALING_POLICY);
    return state;
  });
}

/** The utilization by a load, given in tasks' worth of slots. */
function follow(loadInTasks: number, minutes: number, from: number): number[] {
  let state = initialState(from);
  return Array.from({ length: minutes }, (_, minute) => {
    const utilization = Math.min(1, loadInTasks / state.desired);
    state = step(state, { at: minute * METRIC_PERIOD_MS, utilization, running: state.desired }, SCALING_POLICY);
    return state.desired;
  });
}

const utilizations = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 80 });

describe('step', () => {
  it('scales out in proportion after three points above the target', () => {
    expect(feed([1, 1, 1]).map(({ desired }) => desired)).toEqual([2, 2, 4]);
  });

  it('does not scale out on two points, however high', () => {
    expect(feed([1, 1, 0.5, 1, 1]).at(-1)?.desired).toBe(2);
  });

  it('repeats a scale-out of the same size only after the cooldown', () => {
    const minute = METRIC_PERIOD_MS;
    const policy = { ...SCALING_POLICY, scaleOutCooldownMs: 3 * minute };
    let state = initialState(2);
    const desired = [1, 1, 1, 1, 1, 1].map((utilization, i) => {
      state = step(state, { at: i * minute, utilization, running: state.desired }, policy);
      return state.desired;
    });

    expect(desired).toEqual([2, 2, 4, 4, 4, 6]);
  });

  it('scales in after fifteen points below 90 % of the target', () => {
    const idle = Array.from({ length: 15 }, () => 0.1);

    expect(feed(idle, 6).map(({ desired }) => desired)).toEqual([...Array(14).fill(6), 2]);
  });

  it('stays between its bounds', () => {
    fc.assert(
      fc.property(utilizations, fc.integer({ min: minTasks, max: maxTasks }), (list, from) => {
        for (const { desired } of feed(list, from)) {
          expect(desired).toBeGreaterThanOrEqual(minTasks);
          expect(desired).toBeLessThanOrEqual(maxTasks);
          expect(Number.isInteger(desired)).toBe(true);
        }
      }),
    );
  });

  it('changes only when its alarms and its cooldown allow it', () => {
    fc.assert(
      fc.property(utilizations, fc.integer({ min: minTasks, max: maxTasks }), (list, from) => {
        let before = from;
        let changed = Number.NEGATIVE_INFINITY;
        feed(list, from).forEach(({ desired }, i) => {
          const seen = list.slice(0, i + 1);
          if (desired > before) expect(seen.slice(-highPoints).every((value) => value > target)).toBe(true);
          if (desired < before) {
            expect(seen.slice(-lowPoints).every((value) => value < target * lowFactor)).toBe(true);
            expect((i - changed) * METRIC_PERIOD_MS).toBeGreaterThanOrEqual(scaleInCooldownMs);
          }
          if (desired !== before) changed = i;
          before = desired;
        });
      }),
    );
  });

  it('settles at the target under a steady load', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 12, noNaN: true }),
        fc.integer({ min: minTasks, max: maxTasks }),
        (loadInTasks, from) => {
          const desired = follow(loadInTasks, 120, from);
          const settled = desired.at(-1) ?? 0;

          expect(new Set(desired.slice(-60)).size).toBe(1);
          if (settled < maxTasks) expect(loadInTasks / settled).toBeLessThanOrEqual(target + 1e-9);
        },
      ),
    );
  });

  it('keeps no more points than its alarms evaluate', () => {
    expect(feed(Array.from({ length: 100 }, () => 0.5)).at(-1)?.points).toHaveLength(lowPoints);
  });
});
