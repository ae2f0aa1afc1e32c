import { describe, expect, it } from 'vitest';
import { fleetAdvice, memoryAdvice, scaleOutAdvice } from '../../../../core/aws/advice.ts';
import { awsPlan } from '../../../support/aws-samples.ts';

const MINUTE = 60_000;

describe('scaleOutAdvice', () => {
  it('warns of less time than target tracking needs', () => {
    const target = { observe: 'stack', scaleOutWithinMs: MINUTE };
    expect(scaleOutAdvice({ target })).toEqual([expect.stringContaining('allow 6m')]);
  });

  it.each([
    null,
    { observe: null, scaleOutWithinMs: MINUTE },
    { observe: 'demo:http://127.0.0.1:8080', scaleOutWithinMs: MINUTE },
    { observe: 'stack', maxErrorRate: 0.01 },
  ])('gives no advice unless the target of a stack is expected to scale: %o', (target) => {
    expect(scaleOutAdvice({ target })).toEqual([]);
  });
});

describe('fleetAdvice', () => {
  it('warns of more tasks than a coordinator keeps up with', () => {
    expect(fleetAdvice(awsPlan({ tasks: 1500 }))).toEqual([]);
    expect(fleetAdvice(awsPlan({ tasks: 1501 }))).toEqual([expect.stringContaining('use --tasks 1500 or fewer')]);
  });
});

describe('memoryAdvice', () => {
  it('says how many tasks would suffice', () => {
    const plan = awsPlan({ tasks: 2, maxVUs: 1000 });
    expect(memoryAdvice(plan, { memoryMiB: 2048 })).toEqual([
      '1000 VUs in one task may not fit in its 2048 MiB (a VU uses 1 to 5 MB, k6 and its worker 256): use --tasks 6, or give tasks more memory',
    ]);
    expect(memoryAdvice(awsPlan({ tasks: 6, maxVUs: 334 }), { memoryMiB: 2048 })).toEqual([]);
    expect(memoryAdvice(plan, { memoryMiB: 1024 })[0]).toContain('do not fit');
  });
});
