import type { TargetReading } from '../contract/result.ts';

export interface Scaling {
  /** The desired count that it rose from, or would have had to; null: no readings. */
  from: number | null;
  /** Unix ms. */
  desiredRose: number | null;
  runningRose: number | null;
  /** Desired and running counts at these moments. */
  desiredTo: number | null;
  runningTo: number | null;
}

/**
 * The scale-out that answered the load: the desired count's first rise since `loadRose`, then the running count's.
 * Where there was none, a scale-out that began earlier in the load's rise counts.
 * @param readings in order of time
 * @param loadBegan, loadRose Unix ms
 */
export function scalingAt(readings: readonly TargetReading[], loadBegan: number, loadRose: number): Scaling {
  const answer = riseAfter(readings, loadRose);
  if (answer.desiredRose !== null) return answer;
  const earlier = riseAfter(readings, loadBegan);
  return earlier.desiredRose === null ? answer : earlier;
}

/** A scale-in that goes on while the load rises lowers the level that a rise is measured from. */
function riseAfter(readings: readonly TargetReading[], since: number): Scaling {
  const level = readings.findLast((reading) => reading.at <= since) ?? readings[0];
  let from = level?.desired ?? null;
  for (const [index, desired] of readings.entries()) {
    if (from === null || desired.at < since) continue;
    if (desired.desired > from) {
      const running = runningRise(readings, index, from);
      return {
        from,
        desiredRose: desired.at,
        runningRose: running?.at ?? null,
        desiredTo: desired.desired,
        runningTo: running?.running ?? null,
      };
    }
    from = desired.desired;
  }
  return { from, desiredRose: null, runningRose: null, desiredTo: null, runningTo: null };
}

/**
 * The first reading in which tasks of the scale-out run. While a deployment replaces tasks, old and new ones run side by
 * side, more than are desired: what ran before the desired count rose is no answer to it. So the running count must
 * rise above what ran, as that falls; or all desired tasks run, after some were pending.
 * @param rose the index of the reading in which the desired count has risen
 * @param from the desired count before; tasks that come up once it is taken back do not count
 */
function runningRise(readings: readonly TargetReading[], rose: number, from: number): TargetReading | null {
  let base = Math.max(from, readings[rose - 1]?.running ?? 0);
  let started = false;
  let wasShort = false;
  for (const reading of readings.slice(rose)) {
    const { desired, running, pending } = reading;
    if (desired <= from) continue;
    if (running > base || (started && pending === 0 && running >= desired)) return reading;
    base = Math.max(from, Math.min(base, running));
    started ||= pending > 0;
    wasShort ||= running < desired;
  }
  // Tasks of a scale-in that was taken back in time, or replaced one for one between two readings: all ran throughout.
  return wasShort ? null : (readings[rose] ?? null);
}
