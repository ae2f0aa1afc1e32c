/** What is kept of the target's observations: each once, within bounds. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TargetReading } from '../../../../core/contract/result.ts';
import type { Observation } from '../../../../core/ports.ts';
import { addObservation, addReading } from '../../../../core/run/observations.ts';
import { initialState, warn } from '../../../../core/run/state.ts';
import { planOf } from '../../../support/sim/plan.ts';

const START = Date.UTC(2026, 0, 1);

const observation = (part: Partial<Observation>): Observation => ({
  reading: null,
  events: [],
  samples: [],
  alarms: [],
  ...part,
});

const at = fc.integer({ min: START, max: START + 20 });
const observations = fc.array(
  fc.record({
    reading: fc.constant(null),
    events: fc.array(fc.record({ at, message: fc.constantFrom('scaled', 'steady') }), { maxLength: 4 }),
    samples: fc.array(fc.record({ series: fc.constantFrom('cpu', 'memory'), at, value: fc.nat(100) }), {
      maxLength: 4,
    }),
    alarms: fc.array(
      fc.record({
        name: fc.constantFrom('a', 'b'),
        at,
        state: fc.constantFrom('OK' as const, 'ALARM' as const),
        reason: fc.constant(''),
        effect: fc.constant('fail' as const),
      }),
      { maxLength: 4 },
    ),
  }),
  { maxLength: 8 },
);

test('what is observed again counts once, and of two values for the same time the later one', () => {
  fc.assert(
    fc.property(observations, (observed) => {
      const state = initialState(planOf(), START);
      for (const each of [...observed, ...observed]) addObservation(state, each);
      const latest = new Map(observed.flatMap(({ samples }) => samples).map((s) => [`${s.series} ${s.at}`, s.value]));
      expect(new Map(state.samples.map((s) => [`${s.series} ${s.at}`, s.value]))).toEqual(latest);
      expect(state.samples).toHaveLength(latest.size);
      const events = observed.flatMap((each) => each.events.map((event) => `${event.at} ${event.message}`));
      expect(state.events.map((event) => `${event.at} ${event.message}`).sort()).toEqual([...new Set(events)].sort());
      const alarms = observed.flatMap((each) => each.alarms.map((alarm) => `${alarm.at} ${alarm.name} ${alarm.state}`));
      expect(state.alarms).toHaveLength(new Set(alarms).size);
      for (const list of [state.samples, state.events, state.alarms]) {
        const times = list.map((entry) => entry.at);
        expect(times).toEqual([...times].sort((a, b) => a - b));
      }
    }),
  );
});

test('a target that flaps for days neither fills the checkpoint nor loses its peak', () => {
  const readings: TargetReading[] = [];
  for (let i = 0; i < 40_000; i++) {
    const running = i === 17 ? 99 : 2 + (i % 2);
    addReading(readings, { at: START + i * 10_000, desired: running, running, pending: 0 });
  }
  expect(readings.length).toBeLessThanOrEqual(10_000);
  expect(Math.max(...readings.map(({ running }) => running))).toBe(99);
  expect(readings.at(-1)?.at).toBe(START + 39_999 * 10_000);
  const times = readings.map((reading) => reading.at);
  expect(times).toEqual([...times].sort((a, b) => a - b));
});

test('of too many events the first and the last stay, of too many values the last, with a warning', () => {
  const state = initialState(planOf(), START);
  const events = Array.from({ length: 3000 }, (_, index) => ({ at: START + index, message: 'again' }));
  const samples = Array.from({ length: 60_000 }, (_, index) => ({ series: 'cpu', at: START + index, value: 1 }));
  for (let i = 0; i < 2; i++) addObservation(state, observation({ events, samples }));
  expect(state.events).toHaveLength(1000);
  expect([state.events[0]?.at, state.events.at(-1)?.at]).toEqual([START, START + 2999]);
  expect(state.samples).toHaveLength(50_000);
  expect(state.samples.at(-1)?.at).toBe(START + 59_999);
  expect(state.warnings).toHaveLength(1);
});

test('of many warnings the first 200 stay, each once, and one says that there were more', () => {
  const state = initialState(planOf(), START);
  for (let i = 0; i < 700; i++) warn(state, `warning ${i % 350}`);
  expect(state.warnings).toHaveLength(201);
  expect(state.warnings.at(-1)).toBe('further warnings were omitted');
});
