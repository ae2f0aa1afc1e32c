/** Observations of the target in the state: each once, and no more than a checkpoint can hold. */
import type { AlarmTransition, TargetEvent, TargetReading, TargetSample } from '../contract/result.ts';
import type { Observation } from '../ports.ts';
import { type RunState, warn } from './state.ts';

/** Only changes are kept: to reach this, a target has to scale every 10 s for a day. About 70 bytes each in the checkpoint. */
const MAX_READINGS = 10_000;
/** Twenty series with a value a minute for a day and a half; about 50 bytes each in the checkpoint. */
const MAX_SAMPLES = 50_000;
/** A service that keeps deploying has about ten an hour. */
const MAX_EVENTS = 1000;
/** An alarm that changes this often flaps. */
const MAX_ALARMS = 1000;

/** Adds an observation to the state, in place; what is known already counts once. */
export function addObservation(state: RunState, { reading, events, samples, alarms, maximum }: Observation): void {
  if (reading !== null) addReading(state.readings, reading);
  state.events = mergeBounded(state.events, events, ({ at, message }: TargetEvent) => `${at} ${message}`, MAX_EVENTS);
  state.alarms = mergeBounded(
    state.alarms,
    alarms,
    ({ at, name, state: is }: AlarmTransition) => `${at} ${name} ${is}`,
    MAX_ALARMS,
  );
  const all = merge(state.samples, samples, ({ series, at }: TargetSample) => `${series} ${at}`);
  if (all.length > MAX_SAMPLES) {
    warn(state, `only the last ${MAX_SAMPLES} values of the target's series are kept and judged`);
  }
  state.samples = all.slice(-MAX_SAMPLES);
  state.targetMaximum = maximum ?? state.targetMaximum;
}

/**
 * Keeps only the first and the last of equal readings in a row: days of a steady target take no space.
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

/** Drops every other reading of the older half; of two neighbours the one with more tasks stays, to keep the peak. */
function thinOut(readings: TargetReading[]): void {
  const half = readings.splice(0, 2 * Math.floor(readings.length / 4));
  const kept = half.flatMap((reading, index) => {
    const next = half[index + 1];
    return index % 2 === 0 && next !== undefined ? [next.running > reading.running ? next : reading] : [];
  });
  readings.unshift(...kept);
}

/** Both lists by time, each entry once: of two with the same key the new one. */
function merge<T extends { at: number }>(known: readonly T[], added: readonly T[], keyOf: (entry: T) => string): T[] {
  if (added.length === 0) return [...known];
  const all = new Map(known.map((entry) => [keyOf(entry), entry]));
  for (const entry of added) all.set(keyOf(entry), entry);
  return [...all.values()].sort((a, b) => a.at - b.at);
}

/** As `merge`. Of more than `max` entries the middle ones are dropped: the beginning and the end say most. */
function mergeBounded<T extends { at: number }>(
  known: readonly T[],
  added: readonly T[],
  keyOf: (entry: T) => string,
  max: number,
): T[] {
  const all = merge(known, added, keyOf);
  return all.length <= max ? all : [...all.slice(0, max / 2), ...all.slice(-max / 2)];
}
