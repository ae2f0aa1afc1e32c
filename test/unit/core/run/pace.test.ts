/** How fast tasks are launched: never faster than allowed, and not noticeably slower. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { burstOf, firstPace, type Pace, spend } from '../../../../core/run/pace.ts';

const START = Date.UTC(2026, 0, 1);

/** Asks for so many launches at each of these moments, and tells how many were granted when. */
function ask(perSecond: number, asks: { afterMs: number; wanted: number }[]) {
  let pace: Pace = firstPace(perSecond, START);
  let now = START;
  return asks.map(({ afterMs, wanted }) => {
    now += afterMs;
    const spent = spend(pace, perSecond, wanted, now);
    pace = JSON.parse(JSON.stringify(spent.pace)); // every one may be another leg's
    return { now, granted: spent.granted, wanted };
  });
}

const rates = fc.oneof(fc.integer({ min: 1, max: 1000 }), fc.double({ min: 0.1, max: 50, noNaN: true }));
const asks = fc.array(fc.record({ afterMs: fc.nat(5000), wanted: fc.nat(200) }), { minLength: 1, maxLength: 60 });

test('in any w seconds no more than the burst and w times the rate', () => {
  fc.assert(
    fc.property(rates, asks, (perSecond, list) => {
      const granted = ask(perSecond, list);
      for (const [first, { now: from }] of granted.entries()) {
        let sum = 0;
        for (const each of granted.slice(first)) {
          sum += each.granted;
          const seconds = (each.now - from) / 1000;
          expect(sum).toBeLessThanOrEqual(burstOf(perSecond) + perSecond * seconds + 1e-6);
        }
      }
    }),
  );
});

test('what is granted is wanted, whole, and not negative', () => {
  fc.assert(
    fc.property(rates, asks, (perSecond, list) => {
      for (const { granted, wanted } of ask(perSecond, list)) {
        expect(Number.isInteger(granted) && granted >= 0 && granted <= wanted).toBe(true);
      }
    }),
  );
});

test('whoever always wants more gets the rate within 2 %, though ticks come up to a second late', () => {
  const ticks = fc.array(fc.integer({ min: 1000, max: 2000 }), { minLength: 100, maxLength: 200 });
  fc.assert(
    fc.property(ticks, (afterMs) => {
      const granted = ask(
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

test('a run begins with the launches of one second, and a clock that goes back earns nothing twice', () => {
  const first = spend(firstPace(20, START), 20, 100, START);
  expect(first.granted).toBe(20);
  const back = spend(first.pace, 20, 100, START - 60_000);
  expect(back.granted).toBe(0);
  expect(spend(back.pace, 20, 100, START + 1000).granted).toBe(20);
});
