/** What is kept of the target's observations: each once, and no more than a checkpoint can hold. */
import type { AlarmTransition, TargetEvent, TargetReading, TargetSample } from '../contract/result.ts';
import type { Observation } from '../ports.ts';
import { type RunState, warn } from './state.ts';

/**
 * Only changes are kept, so it takes a target that scales without rest to reach this: a reading every 10 s for a day.
 * They have some 70 bytes each in the checkpoint.
 */
const MAX_READINGS = 10_000;
/** Twenty series of a value a minute, for a day and a half; some 50 bytes each in the checkpoint. */
const MAX_SAMPLES = 50_000;
/** A service that deploys over and over tells some ten an hour. */
const MAX_EVENTS = 1000;
/** As many changes of an alarm mean that it flaps: more of them say nothing new. */
const MAX_ALARMS = 1000;

/** Adds what an observer has told, in place. */
export function addObservation(state: RunState, { reading, events, samples, alarms, maximum }: Observation): void {
  if (reading !== null) addReading(state.readings, reading);
  state.events = both(state.events, events, ({ at, message }: TargetEvent) => `${at} ${message}`, MAX_EVENTS);
  state.alarms = both(
    state.alarms,
    alarms,
    ({ at, name, state: is }: AlarmTransition) => `${at} ${name} ${is}`,
    MAX_ALARMS,
  );
  const all = merge(state.samples, samples, ({ series, at }: TargetSample) => `${series} ${at}`);
  if (all.length > MAX_SAMPLES) {
    warn(state, `of the target's series only the last ${MAX_SAMPLES} values are kept, and judged`);
  }
  state.samples = all.slice(-MAX_SAMPLES);
  state.targetMaximum = maximum ?? state.targetMaximum;
}

/**
 * Keeps the first and the last of equal readings in a row: days of a steady target stay small.
 * @internal exported for its test
 */
export function addReading(readings: TargetReading[], reading: TargetReading): void {
  const [before, last] = readings.slice(-2);
  const isSame = (other: TargetReading | undefined) =>
    other?.desired === reading.desired && other.running === reading.running && other.pending === reading.pending;
  if (readings.length >= 2 && isSame(before) && isSame(last)) readings[readings.length - 1] = reading;
  else readings.push(reading);
  if (readings.length > MAX_READINGS) thinOut(readings);
}

/** Of the older half only one of two neighbours stays: the one with more tasks, so that the peak is not lost. */
function thinOut(readings: TargetReading[]): void {
  const half = readings.splice(0, 2 * Math.floor(readings.length / 4));
  const kept = half.flatMap((reading, index) => {
    const next = half[index + 1];
    return index % 2 === 0 && next !== undefined ? [next.running > reading.running ? next : reading] : [];
  });
  readings.unshift(...kept);
}

/** Both lists in order of time, each entry once: of two with the same key the one that was told last. */
function merge<T extends { at: number }>(known: readonly T[], told: readonly T[], keyOf: (entry: T) => string): T[] {
  if (told.length === 0) return [...known];
  const all = new Map(known.map((entry) => [keyOf(entry), entry]));
  for (const entry of told) all.set(keyOf(entry), entry);
  return [...all.values()].sort((a, b) => a.at - b.at);
}

/** As `merge`; past `max` entries those from the midst are left out: how it began and how it ended tells most. */
function both<T extends { at: number }>(
  known: readonly T[],
  told: readonly T[],
  keyOf: (entry: T) => string,
  max: number,
): T[] {
  const all = merge(known, told, keyOf);
  return all.length <= max ? all : [...all.slice(0, max / 2), ...all.slice(-max / 2)];
}
