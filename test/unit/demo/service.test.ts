import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { METRIC_PERIOD_MS, SCALING_POLICY } from '../../../demo/autoscaler.ts';
import { Capacity, TASK_SIZE } from '../../../demo/capacity.ts';
import { Service } from '../../../demo/service.ts';

const SPEED = 20;
const minutes = (count: number) => vi.advanceTimersByTime((count * METRIC_PERIOD_MS) / SPEED);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function startService(autoscaling: boolean) {
  const capacity = new Capacity(TASK_SIZE, Date.now);
  const service = new Service(capacity, { policy: SCALING_POLICY, autoscaling, speed: SPEED, now: Date.now });
  service.start();
  return { capacity, service };
}

/** Fills every slot permanently. */
function saturate(capacity: Capacity): void {
  for (let i = 0; i < 200; i++) capacity.admit(() => {});
}

describe('Service', () => {
  it('scales out under load: desired first, running when the tasks have started', () => {
    const { capacity, service } = startService(true);
    saturate(capacity);

    minutes(3);
    expect(service.state).toMatchObject({ desired: 4, running: 2, pending: 2, utilization: 1 });

    minutes(0.6);
    expect(service.state).toMatchObject({ desired: 4, running: 4, pending: 0, inService: 48 });
    expect(service.state.events.map(({ message }) => message)).toEqual([
      'Successfully set desired count to 4. Change successfully fulfilled by ecs.',
      '(service demo) has started 2 tasks.',
      '(service demo) registered 1 target in (target-group demo).',
      '(service demo) registered 1 target in (target-group demo).',
      '(service demo) has reached a steady state.',
    ]);
  });

  it('scales in after a long idle time, and drains the tasks', () => {
    const { capacity, service } = startService(true);
    saturate(capacity);
    minutes(10);
    expect(service.state).toMatchObject({ desired: 6, running: 6 });

    while (capacity.inService > 1) capacity.release();
    minutes(17);

    expect(service.state).toMatchObject({ desired: 2, running: 2, inService: 1 });
    expect(service.state.events.map(({ message }) => message)).toContain(
      '(service demo) has begun draining connections on 4 tasks.',
    );
  });

  it('keeps its tasks without autoscaling', () => {
    const { capacity, service } = startService(false);
    saturate(capacity);

    minutes(60);

    expect(service.state).toMatchObject({ desired: 2, running: 2, autoscaling: false, utilization: 1, events: [] });
  });

  it('does nothing after it is stopped', () => {
    const { capacity, service } = startService(true);
    saturate(capacity);
    minutes(3);

    service.stop();
    minutes(10);

    expect(service.state).toMatchObject({ desired: 4, running: 2 });
    expect(vi.getTimerCount()).toBe(0);
  });
});
