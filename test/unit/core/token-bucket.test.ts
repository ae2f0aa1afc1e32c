/** A token bucket never grants more than its rate allows, and not noticeably less. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { initialLaunchLevel, launchRate } from '../../../core/run/launch-rate.ts';
import { TokenBucket, type TokenLevel } from '../../../core/token-bucket.ts';

const START = Date.UTC(2026, 0, 1);

/** Asks for so many launches at each of these moments; returns how many were granted when. */
function launches(perSecond: number, requests: { afterMs: number; wanted: number }[]) {
  let level: TokenLevel = initialLaunchLevel(perSecond, START);
  let now = START;
  return requests.map(({ afterMs, wanted }) => {
    now += afterMs;
    level = JSON.parse(JSON.stringify(level)); // another leg may continue at any time
    return { now, granted: new TokenBucket(launchRate(perSecond), level).take(wanted, now), wanted };
  });
}

const rates = fc.oneof(fc.integer({ min: 1, max: 1000 }), fc.double({ min: 0.1, max: 50, noNaN: true }));
const requests = fc.array(fc.record({ afterMs: fc.nat(5000), wanted: fc.nat(200) }), { minLength: 1, maxLength: 60 });

describe('take', () => {
  it('grants in any w seconds no more than the burst and w times the rate', () => {
    fc.assert(
      fc.property(rates, requests, (perSecond, list) => {
        const granted = launches(perSecond, list);
        for (const [first, { now: from }] of granted.entries()) {
          let sum = 0;
          for (const each of granted.slice(first)) {
            sum += each.granted;
            const seconds = (each.now - from) / 1000;
            expect(sum).toBeLessThanOrEqual(launchRate(perSecond).burst + perSecond * seconds + 1e-6);
          }
        }
      }),
    );
  });

  it('grants whole tokens, none that was not asked for', () => {
    fc.assert(
      fc.property(rates, requests, (perSecond, list) => {
        for (const { granted, wanted } of launches(perSecond, list)) {
          expect(Number.isInteger(granted) && granted >= 0 && granted <= wanted).toBe(true);
        }
      }),
    );
  });

  it('grants a caller that always wants more its rate within 2 %, though ticks come up to a second late', () => {
    const ticks = fc.array(fc.integer({ min: 1000, max: 2000 }), { minLength: 100, maxLength: 200 });
    fc.assert(
      fc.property(ticks, (afterMs) => {
        const granted = launches(
          20,
          [0, ...afterMs].map((ms) => ({ afterMs: ms, wanted: 5000 })),
        );
        const total = granted.reduce((sum, each) => sum + each.granted, 0);
        const seconds = afterMs.reduce((sum, ms) => sum + ms, 0) / 1000;
        expect(total).toBeGreaterThan(20 * seconds * 0.98);
        expect(total).toBeLessThanOrEqual(20 + 20 * seconds);
      }),
    );
  });

  it('starts with the launches of one second, and a clock that goes back adds nothing twice', () => {
    const bucket = new TokenBucket(launchRate(20), initialLaunchLevel(20, START));
    expect(bucket.take(100, START)).toBe(20);
    expect(bucket.take(100, START - 60_000)).toBe(0);
    expect(bucket.take(100, START + 1000)).toBe(20);
  });
});

describe('reserve', () => {
  it('never lets more through than the burst and what has been refilled', () => {
    const rate = fc.record({ burst: fc.integer({ min: 1, max: 100 }), perSecond: fc.integer({ min: 1, max: 100 }) });
    const gaps = fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(rate, gaps, ({ burst, perSecond }, waits) => {
        const bucket = new TokenBucket({ burst, perSecond });
        let now = 0;
        const calls = waits.map((gap) => {
          now += gap;
          now += bucket.reserve(now);
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
    expect([1, 2, 3, 4].map(() => bucket.reserve(1000))).toEqual([0, 0, 100, 200]);
  });
});
