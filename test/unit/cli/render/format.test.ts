import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatClock,
  formatCount,
  formatLatency,
  formatPlural,
  formatRate,
  formatShare,
  formatShort,
  formatShortDuration,
  progressBar,
  sparkline,
} from '../../../../cli/render/format.ts';

const formats = { formatClock, formatCount, formatShortDuration, formatLatency, formatRate, formatShare, formatShort };

describe('numbers', () => {
  it.each([
    [formatCount, 0, '0'],
    [formatCount, -0.2, '0'],
    [formatCount, 999, '999'],
    [formatCount, 1_234_567, '1,234,567'],
    [formatCount, -1234, '-1,234'],
    [formatCount, 1.5e12, '1.5T'],
    [formatShort, 999.4, '999'],
    [formatShort, 999.6, '1k'],
    [formatShort, 12_345, '12.3k'],
    [formatShort, 999_999, '1M'],
    [formatRate, 0.25, '0.25/s'],
    [formatRate, 999.6, '1,000/s'],
    [formatRate, 4321.4, '4,321/s'],
    [formatRate, 123_456, '123k/s'],
    [formatShare, 0, '0%'],
    [formatShare, 0.00001, '<0.01%'],
    [formatShare, 0.1234, '12.3%'],
    [formatShare, 0.99999, '99.99%'],
    [formatShare, 1, '100%'],
    [formatLatency, 0.456, '0.46ms'],
    [formatLatency, 120.2, '120ms'],
    [formatLatency, 999.6, '1s'],
    [formatLatency, 1450, '1.45s'],
    [formatShortDuration, 350, '350ms'],
    [formatShortDuration, 1500, '1.5s'],
    [formatShortDuration, 59_990, '1m'],
    [formatShortDuration, 630_000, '10m 30s'],
    [formatShortDuration, 5_400_000, '1h 30m'],
    [formatShortDuration, 187_200_000, '2d 4h'],
    [formatShortDuration, -1500, '-1.5s'],
    [formatClock, 7999, '0:07'],
    [formatClock, 3_723_000, '1:02:03'],
    [formatClock, -3000, '-0:03'],
  ])('%o(%d) is %s', (format, value, text) => {
    expect(format(value)).toBe(text);
  });

  it.each(Object.entries(formats))('%s renders what is no finite number', (_, format) => {
    expect(format(Number.NaN)).toMatch(/^–/);
    expect(format(null)).toMatch(/^–/);
    expect(format(undefined)).toMatch(/^–/);
    expect(format(Number.POSITIVE_INFINITY)).toMatch(/^∞/);
    expect(format(Number.NEGATIVE_INFINITY)).toMatch(/^-∞/);
  });

  it.each(Object.entries(formats))('%s renders any number on a few columns', (_, format) => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        const text = format(value);
        expect(text.length).toBeLessThan(30);
        expect(text).not.toMatch(/NaN|Infinity|undefined|^-0\b(?![.:])/);
      }),
    );
  });

  it('uses the singular for one only', () => {
    expect([0, 1, 2000].map((count) => formatPlural(count, 'task'))).toEqual(['0 tasks', '1 task', '2,000 tasks']);
  });
});

describe('charts', () => {
  it.each([
    [0, '░░░░'],
    [0.5, '██░░'],
    [0.3, '█▏░░'],
    [2, '████'],
    [-1, '░░░░'],
    [Number.NaN, '░░░░'],
  ])('a bar of %d is %s', (share, bar) => {
    expect(progressBar(share, 4)).toBe(bar);
  });

  it.each([
    [[], ''],
    [[0, 0], '▁▁'],
    [[0, 1, 2, 7], '▁▂▃█'],
    [[-5, null, 7, Number.NaN, Number.POSITIVE_INFINITY], '▁ █  '],
  ])('a sparkline of %j is %s', (values, line) => {
    expect(sparkline(values)).toBe(line);
  });

  it('a bar has its width', () => {
    fc.assert(
      fc.property(fc.double(), fc.nat(200), (share, width) => {
        expect(progressBar(share, width)).toHaveLength(width);
      }),
    );
  });
});
