import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Capacity } from '../../../demo/capacity.ts';

const SIZE = { slots: 2, queue: 3 };

describe('Capacity', () => {
  it('serves, then queues in order, then refuses', () => {
    const capacity = new Capacity(SIZE, () => 0);
    capacity.resize(1);
    const served: number[] = [];

    const admitted = [1, 2, 3, 4, 5, 6].map((id) => capacity.admit(() => served.push(id)));
    capacity.release();

    expect(admitted).toEqual([true, true, true, true, true, false]);
    expect(served).toEqual([1, 2, 3]);
  });

  it('lets waiting requests into the slots of a task that has started', () => {
    const capacity = new Capacity(SIZE, () => 0);
    capacity.resize(1);
    const served: number[] = [];
    for (const id of [1, 2, 3, 4]) capacity.admit(() => served.push(id));

    capacity.resize(2);

    expect(served).toEqual([1, 2, 3, 4]);
  });

  it('lets a removed task finish its requests', () => {
    const capacity = new Capacity(SIZE, () => 0);
    capacity.resize(2);
    for (let i = 0; i < 4; i++) capacity.admit(() => {});

    capacity.resize(1);
    capacity.admit(() => {});

    expect(capacity).toMatchObject({ inService: 4, queued: 1 });
  });

  it('measures the share of slots in use over time', () => {
    let now = 0;
    const capacity = new Capacity(SIZE, () => now);
    capacity.resize(1);
    capacity.admit(() => {});
    now = 50;
    capacity.admit(() => {});
    now = 100;

    expect(capacity.takeUtilization()).toBe(0.75);
    expect(capacity.takeUtilization()).toBeNull();
  });

  it('loses no request and serves none twice', () => {
    const action = fc.oneof(
      fc.constant({ do: 'admit' as const }),
      fc.constant({ do: 'release' as const }),
      fc.record({ do: fc.constant('resize' as const), to: fc.integer({ min: 1, max: 4 }) }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 300 }), (actions) => {
        const capacity = new Capacity(SIZE, () => 0);
        capacity.resize(1);
        const accepted: number[] = [];
        const served: number[] = [];
        let inService = 0;
        actions.forEach((each, id) => {
          if (each.do === 'resize') capacity.resize(each.to);
          if (each.do === 'release' && inService > 0) {
            inService -= 1;
            capacity.release();
          }
          const serve = () => {
            inService += 1;
            served.push(id);
          };
          if (each.do === 'admit' && capacity.admit(serve)) accepted.push(id);
        });

        expect(served).toEqual(accepted.slice(0, served.length));
        expect(capacity).toMatchObject({ inService, queued: accepted.length - served.length });
      }),
    );
  });
});
