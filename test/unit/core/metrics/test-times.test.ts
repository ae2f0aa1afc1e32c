import { describe, expect, it } from 'vitest';
import { testDuration, vuSamples } from '../../../../core/metrics/test-times.ts';
import { testOf } from '../../../support/times.ts';

describe('testDuration', () => {
  it('is setup, load and teardown', () => {
    expect(testDuration(testOf(2000, { startAtMs: 500, setupMs: 300, teardownMs: 40 }))).toBe(2340);
    expect(testDuration({ ...testOf(0), startAtMs: null, setupMs: 300 }), 'before the start').toBe(300);
  });
});

describe('the samples that k6 takes of its VUs', () => {
  const samples = (startAtMs: number, loadMs: number, more: Parameters<typeof testOf>[1] = {}) =>
    vuSamples(testOf(loadMs, { startAtMs, ...more }), 1);
  const none = { inSetup: 0, inTeardown: 0 };

  it.each<[string, number, number, { first: number; last: number } | null]>([
    ['none in less than a second', 10_400, 900, null],
    ['none in less than a second, over a full one', 10_900, 900, null],
    ['one after a second', 10_400, 1000, { first: 11, last: 11 }],
    ['one after a second, at the end of the second of the start', 10_000, 1000, { first: 10, last: 10 }],
    ['at each whole second', 10_400, 5050, { first: 11, last: 15 }],
    ['not at the end', 10_400, 5950, { first: 11, last: 15 }],
    ['up to the frontier', 10_400, 4600, { first: 11, last: 14 }],
    ['up to the frontier, from a full second on', 10_000, 5000, { first: 11, last: 14 }],
  ])('%s', (_, startAtMs, loadMs, load) => {
    expect(samples(startAtMs, loadMs)).toEqual({ ...none, load });
  });

  it.each<[string, Parameters<typeof testOf>[1], ReturnType<typeof vuSamples>]>([
    ['setup() that takes a second', { setupMs: 2200 }, { inSetup: 2, inTeardown: 0, load: { first: 11, last: 13 } }],
    [
      'teardown() over a full second of the test',
      { teardownMs: 700 },
      { inSetup: 0, inTeardown: 1, load: { first: 11, last: 13 } },
    ],
    ['teardown() between two', { teardownMs: 300 }, { inSetup: 0, inTeardown: 0, load: { first: 11, last: 13 } }],
    [
      'teardown() after a stop',
      { teardownMs: 9000, wasStopped: true },
      { inSetup: 0, inTeardown: 0, load: { first: 11, last: 13 } },
    ],
  ])('%s', (_, more, expected) => {
    expect(samples(10_400, 3500, more)).toEqual(expected);
  });

  it('one that falls into the second of the start counts as that of the next, if there is one', () => {
    expect(samples(10_100, 700, { setupMs: 400 })).toEqual({ ...none, load: { first: 10, last: 10 } });
    expect(samples(10_500, 700, { setupMs: 900 })).toEqual({ ...none, load: { first: 11, last: 11 } });
  });
});
