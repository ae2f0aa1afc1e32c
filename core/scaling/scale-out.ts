import type { Expectation, TargetReading, TargetSample } from '../contract/result.ts';
import { TargetSeries } from '../contract/target-series.ts';
import { formatDuration } from '../duration.ts';
import { type Facts, formatRelative, formatSpan, formatTime, NO_LOAD, noReadings } from './facts.ts';

/** Readings come each 10 s at most; a longer silence than this before a change hides when it happened. */
const GAP_MS = 60_000;

/** The running count rose within `scaleOutWithinMs` of the load's rise. */
export function judgeScaleOut(facts: Facts): Expectation | null {
  const { plan, moments, timings, scaling, peak, watchedUntilMs } = facts;
  const name = 'scaleOutWithin';
  const allowedMs = plan.scaleOutWithinMs;
  if (allowedMs === undefined) return null;
  const allowed = `allowed ${formatDuration(allowedMs)}`;
  const { loadRose, desiredRose, runningRose } = moments;
  if (peak === null) return { name, ok: false, message: noReadings(plan) };
  if (scaling === null || loadRose === null) return { name, ok: false, message: `${NO_LOAD}; ${allowed}` };
  const fail = (message: string) =>
    ({ name, ok: false, message: [message, allowed, ...causes(facts)].join('; ') }) as const;
  if (desiredRose === null || timings.toDesiredMs === null) {
    return fail(
      `desired never rose above ${scaling.from} in the ${formatSpan(watchedUntilMs - loadRose)} after the load rose (load ${formatTime(loadRose)} UTC)`,
    );
  }
  if (runningRose === null || timings.toRunningMs === null) {
    return fail(
      `desired rose from ${scaling.from} to ${scaling.desiredTo} ${formatRelative(timings.toDesiredMs)}, but running never rose above ${scaling.from} (load ${formatTime(loadRose)}, desired ${formatTime(desiredRose)} UTC)`,
    );
  }
  const message = `running rose from ${scaling.from} to ${scaling.runningTo} tasks ${formatRelative(timings.toRunningMs)} (load ${formatTime(loadRose)}, desired ${formatTime(desiredRose)}, running ${formatTime(runningRose)} UTC)`;
  return timings.toRunningMs <= allowedMs ? { name, ok: true, message: `${message}; ${allowed}` } : fail(message);
}

/** What explains that a scale-out is missing or late, or casts doubt on it. */
function causes({ plan, moments, scaling, timeline, samples, load, watchedUntilMs }: Facts): string[] {
  const { loadRose, desiredRose, runningRose } = moments;
  const allowedMs = plan.scaleOutWithinMs ?? 0;
  if (loadRose === null || load === null) return [];
  const texts: string[] = [];
  const maximum = maximumAt(samples, loadRose);
  const isAtMaximum = desiredRose === null && maximum !== null && (scaling?.from ?? 0) >= maximum;
  if (isAtMaximum) texts.push(`it was at its maximum of ${maximum}`);
  const surplus = mostSurplus(timeline, loadRose);
  if (desiredRose === null && surplus !== null) {
    texts.push(`${surplus.running} ran at ${formatTime(surplus.at)} UTC, more than desired, as in a deployment`);
  }
  if (runningRose === null) {
    const first = timeline[0]?.at ?? loadRose;
    const last = timeline.at(-1)?.at ?? loadRose;
    if (first - loadRose > GAP_MS)
      texts.push(`it was first read at ${formatTime(first)} UTC, and may have scaled before`);
    if (Math.min(watchedUntilMs, loadRose + allowedMs) - last > GAP_MS) {
      texts.push(`it was last read at ${formatTime(last)} UTC, and may have scaled since`);
    }
    const heldMs = Math.min(load.fellAt, watchedUntilMs) - loadRose;
    if (heldMs < allowedMs && !isAtMaximum)
      texts.push(`the load was held for only ${formatSpan(heldMs)}: hold it for longer`);
  } else {
    const before = timeline.findLast(({ at }) => at < runningRose)?.at ?? runningRose;
    if (runningRose - before > GAP_MS && before <= loadRose + allowedMs) {
      texts.push(
        `it could not be read between ${formatTime(before)} and ${formatTime(runningRose)} UTC, and may have scaled in time`,
      );
    }
  }
  return texts;
}

/** The autoscaling's maximum as it was last told up to that time, else as it was first told; null: it never was. */
function maximumAt(samples: readonly TargetSample[], at: number): number | null {
  const told = samples.filter(({ series }) => series === TargetSeries.maximum).sort((a, b) => a.at - b.at);
  return (told.findLast((sample) => sample.at <= at) ?? told[0])?.value ?? null;
}

/** The first of the readings with the most running tasks beyond the desired count, as a scale-out would have had them. */
function mostSurplus(timeline: readonly TargetReading[], since: number): TargetReading | null {
  const level = timeline.findLast(({ at }) => at <= since) ?? timeline[0];
  let most: TargetReading | null = null;
  for (const reading of timeline) {
    if (reading.at < since || reading.running <= reading.desired || reading.running <= (level?.running ?? 0)) continue;
    if (most === null || reading.running > most.running) most = reading;
  }
  return most;
}
