import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DurationError, formatDuration, parseDuration } from '../../../core/duration.ts';

describe('parseDuration', () => {
  it.each([
    ['90s', 90_000],
    ['1m30s', 90_000],
    ['1h2m3.5s', 3_723_500],
    ['1.001s', 1001],
    ['.5m', 30_000],
    ['250us', 0.25],
    ['250µs', 0.25],
    ['250μs', 0.25],
    ['1ns', 1e-6],
    ['1d', 86_400_000],
    ['1d12h', 129_600_000],
    ['-1d12h', -129_600_000],
    ['-1m30s', -90_000],
    ['+5s', 5000],
    ['0', 0],
    ['1500', 1500],
    ['1.5e3', 1500],
  ])('reads %s as k6 does', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', ' ', 's', '5 s', '1m 30s', '6 minutes', '1w', '1.5d', '1d-2h', 'd', '--1s', '1s-2s', '.s', 'Infinity'])(
    'refuses %j',
    (text) => {
      expect(() => parseDuration(text)).toThrow(DurationError);
    },
  );

  it('says in its error what it got and what it takes', () => {
    expect(() => parseDuration('6 minutes')).toThrow(
      '"6 minutes" is not a duration; write it as k6 does, such as 90s, 1m30s, 500ms or 1d2h',
    );
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0s'],
    [0.25, '0.25ms'],
    [250, '250ms'],
    [1000, '1s'],
    [14_200, '14.2s'],
    [60_000, '1m'],
    [90_000, '1m30s'],
    [3_600_000, '1h'],
    [3_601_000, '1h1s'],
    [-90_000, '-1m30s'],
    [259_200_000, '72h'],
  ])('writes %d ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('is read back as the same number of ms', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e11, max: 1e11 }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms === 0 ? 0 : ms);
      }),
    );
  });

  it('keeps microseconds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e11 }), (us) => {
        expect(parseDuration(formatDuration(us / 1000))).toBeCloseTo(us / 1000, 5);
      }),
    );
  });
});
