import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TrendValues } from '../../../../core/contract/window.ts';
import { bucketMiddle, bucketOf } from '../../../../core/metrics/buckets.ts';
import { Histogram } from '../../../../core/metrics/histogram.ts';
import { foldValues } from '../../../support/fold.ts';
import { pooledPercentile } from '../../../support/pooled.ts';

const histogramOf = (values: number[]) => {
  const histogram = new Histogram();
  if (values.length > 0) histogram.add(trendOf(values));
  return histogram;
};
const trendOf = (values: number[]) =>
  foldValues(
    'trend',
    values.map((value) => ({ value, atMs: 0 })),
  ) as TrendValues;

const finite = fc.oneof(
  fc.double({ min: -1e6, max: 1e6, noNaN: true }),
  fc.double({ min: 1e-3, max: 1e5, noNaN: true }),
  fc.constantFrom(0, 1, -1, 0.5, 1e-300, 1e300, Number.MIN_VALUE, Number.MAX_VALUE, -Number.MAX_VALUE),
);
const anyValue = fc.oneof({ weight: 9, arbitrary: finite }, fc.constantFrom(Infinity, -Infinity));
const fraction = fc.oneof(
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.constantFrom(0, 0.5, 0.9, 0.95, 0.99, 0.999, 1),
);

describe('buckets', () => {
  it('puts a value between the bounds of its bucket', () => {
    const value = fc.double({ min: Number.MIN_VALUE, max: Number.MAX_VALUE, noNaN: true });
    fc.assert(
      fc.property(value, (v) => {
        const octaves = Math.log2(v) * 128 - bucketOf(v);
        expect(octaves).toBeGreaterThan(-1e-6);
        expect(octaves).toBeLessThan(1 + 1e-6);
        expect(Math.abs(bucketMiddle(bucketOf(v)) - v)).toBeLessThanOrEqual(v * 0.0028 + Number.MIN_VALUE);
      }),
    );
  });
});

describe('Histogram', () => {
  it('estimates every percentile within half a bucket on each side', () => {
    fc.assert(
      fc.property(fc.array(finite, { maxLength: 60 }), fraction, (values, f) => {
        const truth = pooledPercentile(values, f);
        fc.pre(Number.isFinite(truth));
        const sorted = values.toSorted((a, b) => a - b);
        const i = f * (values.length - 1);
        const around = [sorted[Math.floor(i)] ?? 0, sorted[Math.ceil(i)] ?? 0].map(Math.abs);
        const slack = Math.max(...around) * 0.0028 + Number.MIN_VALUE;
        expect(Math.abs(histogramOf(values).percentile(f) - truth)).toBeLessThanOrEqual(slack);
      }),
    );
  });

  it('is infinite or NaN exactly if k6 is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(Infinity, -Infinity, -2, 0, 3, 7), { maxLength: 12 }),
        fraction,
        (values, f) => {
          const truth = pooledPercentile(values, f);
          const estimate = histogramOf(values).percentile(f);
          if (Number.isFinite(truth)) expect(Number.isFinite(estimate)).toBe(true);
          else expect(estimate).toBe(truth);
        },
      ),
    );
  });

  it('knows the lowest, the highest and a single value exactly', () => {
    fc.assert(
      fc.property(fc.array(finite, { minLength: 2, maxLength: 30 }), fc.double({ noNaN: true }), (values, single) => {
        const histogram = histogramOf(values);
        expect(histogram.percentile(0)).toBe(Math.min(...values) + 0);
        expect(histogram.percentile(1)).toBe(Math.max(...values) + 0);
        expect(histogramOf([single]).percentile(0.7)).toBe(single + 0);
      }),
    );
  });

  it('merges parts to the whole, in any order', () => {
    fc.assert(
      fc.property(fc.array(fc.array(anyValue, { minLength: 1, maxLength: 20 }), { maxLength: 8 }), (parts) => {
        const whole = histogramOf(parts.flat());
        const merged = new Histogram();
        for (const part of parts.toReversed()) merged.merge(histogramOf(part));
        const added = new Histogram();
        for (const part of parts) added.add(trendOf(part));
        for (const other of [merged, added]) {
          expect({ ...other.toValues(), sum: 0 }).toEqual({ ...whole.toValues(), sum: 0 });
        }
      }),
    );
  });

  it('survives JSON without loss', () => {
    fc.assert(
      fc.property(fc.array(anyValue, { maxLength: 30 }), (values) => {
        const histogram = histogramOf(values);
        const copy = new Histogram();
        copy.add(JSON.parse(JSON.stringify(histogram.toValues())));
        expect(copy.toValues()).toEqual(histogram.toValues());
        expect(copy.percentile(0.9)).toBe(histogram.percentile(0.9));
      }),
    );
  });

  it('has zeros without values, as k6', () => {
    const empty = new Histogram();
    expect([empty.percentile(0.5), empty.average]).toEqual([0, 0]);
  });
});
