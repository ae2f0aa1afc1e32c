import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClockBounds } from '../../../core/clock-bounds.ts';

const T0 = Date.UTC(2026, 10, 23);

/** An answer of a server whose clock is `offset` ahead of ours. */
const answer = (offset: number, at: { sentAt: number; toServerMs: number; backMs: number }) => ({
  sentAt: T0 + at.sentAt,
  receivedAt: T0 + at.sentAt + at.toServerMs + at.backMs,
  date: Math.floor((T0 + at.sentAt + at.toServerMs + offset) / 1000) * 1000,
});

const question = fc.record({
  sentAt: fc.integer({ min: 0, max: 3_600_000 }),
  toServerMs: fc.integer({ min: 0, max: 3000 }),
  backMs: fc.integer({ min: 0, max: 3000 }),
});
const questions = fc.array(question, { minLength: 1, maxLength: 50 });

const boundsOf = (offset: number, asked: { sentAt: number; toServerMs: number; backMs: number }[]) => {
  const clock = new ClockBounds();
  for (const at of asked) clock.observe(answer(offset, at));
  return clock;
};

describe('ClockBounds', () => {
  it('knows no offset before there is an answer', () => {
    expect(new ClockBounds().offsetMs()).toBe(0);
  });

  it('is 0 for clocks that agree, however slow the answers are', () => {
    fc.assert(
      fc.property(questions, (asked) => {
        expect(boundsOf(0, asked).offsetMs()).toBe(0);
      }),
    );
  });

  it('never says more than the true offset, and never the other direction', () => {
    fc.assert(
      fc.property(fc.integer({ min: -100_000, max: 100_000 }), questions, (offset, asked) => {
        const told = boundsOf(offset, asked).offsetMs();

        expect(Math.abs(told)).toBeLessThanOrEqual(Math.abs(offset));
        expect(told * offset).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('is off by no more than the resolution and the round trip of any one answer', () => {
    fc.assert(
      fc.property(fc.integer({ min: -100_000, max: 100_000 }), questions, (offset, asked) => {
        const best = Math.min(...asked.map(({ toServerMs, backMs }) => toServerMs + backMs));

        expect(Math.abs(boundsOf(offset, asked).offsetMs() - offset)).toBeLessThanOrEqual(1000 + best);
      }),
    );
  });

  it('comes as near as a round trip by answers from all over a second', () => {
    const asked = Array.from({ length: 100 }, (_, nr) => ({ sentAt: nr * 1010, toServerMs: 5, backMs: 5 }));

    expect(boundsOf(-7300, asked).offsetMs()).toBeLessThanOrEqual(-7280);
    expect(boundsOf(-7300, asked).offsetMs()).toBeGreaterThanOrEqual(-7320);
  });

  it('starts over after a step of a clock', () => {
    fc.assert(
      fc.property(questions, question, fc.integer({ min: 20_000, max: 100_000 }), (before, after, offset) => {
        const clock = boundsOf(0, before);
        clock.observe(answer(offset, after));

        expect(clock.offsetMs()).toBe(boundsOf(offset, [after]).offsetMs());
      }),
    );
  });

  it('does not listen to an answer without a time', () => {
    const clock = new ClockBounds();
    clock.observe({ sentAt: T0, receivedAt: T0, date: Number.NaN });

    expect(clock.offsetMs()).toBe(0);
  });
});
