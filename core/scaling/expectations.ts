/** Judges what a plan expects of its target, one function an expectation. Null: the plan does not expect it. */
import type { TargetPlan } from '../contract/plan.ts';
import type { Expectation, TargetMoments, TargetReading, TargetResult, TargetSample } from '../contract/result.ts';
import { TargetSeries } from '../contract/target-series.ts';
import { formatDuration } from '../duration.ts';
import { type LoadRise, pointMs, type Recovery, type ScaleOut } from './moments.ts';

export interface ExpectationInput {
  plan: TargetPlan;
  /** Readings in order of time. */
  timeline: readonly TargetReading[];
  samples: readonly TargetSample[];
  moments: TargetMoments;
  timings: TargetResult['timings'];
  /** Null: there was no load. */
  load: LoadRise | null;
  /** Null: there was no load. */
  scaleOut: ScaleOut | null;
  /** Null: there was no load, or no recovery is expected. */
  recovery: Recovery | null;
  /** The reading with the most running tasks, among those desired, since the load began; null: no readings. */
  peak: TargetReading | null;
  /** 0 to 1; null: no request was made. */
  errorRate: number | null;
  /** Unix ms. */
  observedUntilMs: number;
}

type Judge = (input: ExpectationInput) => Expectation | null;

/**
 * The longest gap between readings, ms, that leaves no doubt about when a change happened. Readings are at most 10 s
 * apart.
 */
const MAX_READING_GAP_MS = 60_000;

const NO_LOAD = 'the load never increased: no VUs and no requests were measured';

/** Why nothing can be judged by readings. */
export function noReadings({ observe }: TargetPlan): string {
  return observe === null
    ? "the target was not observed: set observe in the script's options.ext.fleet.target"
    : `the target's state could never be read from ${observe}`;
}

/** The running count rose within `scaleOutWithinMs` of the load's rise. */
export const judgeScaleOut: Judge = (input) => {
  const { plan, moments, timings, scaleOut, peak, observedUntilMs } = input;
  const name = 'scaleOutWithin';
  if (plan.scaleOutWithinMs === undefined) return null;
  const limit = `limit ${formatDuration(plan.scaleOutWithinMs)}`;
  const { loadRose, desiredRose, runningRose } = moments;
  if (peak === null) return { name, ok: false, message: noReadings(plan) };
  if (scaleOut === null || loadRose === null) return { name, ok: false, message: `${NO_LOAD} (${limit})` };
  const fail = (message: string) =>
    ({ name, ok: false, message: [message, ...scaleOutCauses(input)].join('; ') }) as const;
  if (desiredRose === null || timings.toDesiredMs === null) {
    const observed = formatTenths(observedUntilMs - loadRose);
    return fail(
      `the desired count never rose above ${scaleOut.from} in the ${observed} after the load increased (${limit}; load ${formatTime(loadRose)} UTC)`,
    );
  }
  const times = `load ${formatTime(loadRose)}, desired ${formatTime(desiredRose)}`;
  if (runningRose === null || timings.toRunningMs === null) {
    const desired = `the desired count rose from ${scaleOut.from} to ${scaleOut.desiredTo}, ${sinceLoad(timings.toDesiredMs)}`;
    return fail(`${desired}, but running tasks never rose above ${scaleOut.from} (${limit}; ${times} UTC)`);
  }
  const running = `running tasks rose from ${scaleOut.from} to ${scaleOut.runningTo}, ${sinceLoad(timings.toRunningMs)}`;
  const message = `${running} (${limit}; ${times}, running ${formatTime(runningRose)} UTC)`;
  return timings.toRunningMs <= plan.scaleOutWithinMs ? { name, ok: true, message } : fail(message);
};

/** What explains that a scale-out is missing or late, or casts doubt on it. */
function scaleOutCauses(input: ExpectationInput): string[] {
  const { plan, moments, scaleOut, timeline, samples, load, observedUntilMs } = input;
  const { loadRose, desiredRose, runningRose } = moments;
  const limitMs = plan.scaleOutWithinMs ?? 0;
  if (loadRose === null || load === null) return [];
  const causes: string[] = [];
  const maximum = maximumAt(samples, loadRose);
  const isAtMaximum = desiredRose === null && maximum !== null && (scaleOut?.from ?? 0) >= maximum;
  if (isAtMaximum) causes.push(`the target was at its maximum of ${count(maximum)}`);
  const surplus = mostSurplus(timeline, loadRose);
  if (desiredRose === null && surplus !== null) {
    const ran = `${count(surplus.running)} ran at ${formatTime(surplus.at)} UTC`;
    causes.push(`${ran}, more than desired, as during a deployment`);
  }
  if (runningRose === null) {
    const first = timeline[0]?.at ?? loadRose;
    const last = timeline.at(-1)?.at ?? loadRose;
    if (first - loadRose > MAX_READING_GAP_MS) {
      causes.push(`the first reading was at ${formatTime(first)} UTC: the target may have scaled out before it`);
    }
    if (Math.min(observedUntilMs, loadRose + limitMs) - last > MAX_READING_GAP_MS) {
      causes.push(`the last reading was at ${formatTime(last)} UTC: the target may have scaled out after it`);
    }
    const heldMs = Math.min(load.fellAt, observedUntilMs) - loadRose;
    if (heldMs < limitMs && !isAtMaximum) {
      causes.push(`the load was held for only ${formatTenths(heldMs)}: hold it longer`);
    }
  } else {
    const before = timeline.findLast(({ at }) => at < runningRose)?.at ?? runningRose;
    if (runningRose - before > MAX_READING_GAP_MS && before <= loadRose + limitMs) {
      const gap = `between ${formatTime(before)} and ${formatTime(runningRose)} UTC`;
      causes.push(`the target could not be read ${gap}: it may have scaled out in time`);
    }
  }
  return causes;
}

/** The autoscaling maximum as last sampled up to that time, else as first sampled; null: never sampled. */
function maximumAt(samples: readonly TargetSample[], at: number): number | null {
  const maximums = samples.filter(({ series }) => series === TargetSeries.maximum).sort((a, b) => a.at - b.at);
  return (maximums.findLast((sample) => sample.at <= at) ?? maximums[0])?.value ?? null;
}

/** The first reading with the most running tasks beyond the desired count, if that is more than ran at `since`. */
function mostSurplus(timeline: readonly TargetReading[], since: number): TargetReading | null {
  const level = timeline.findLast(({ at }) => at <= since) ?? timeline[0];
  let most: TargetReading | null = null;
  for (const reading of timeline) {
    if (reading.at < since || reading.running <= reading.desired || reading.running <= (level?.running ?? 0)) continue;
    if (most === null || reading.running > most.running) most = reading;
  }
  return most;
}

/**
 * The target ran at least `minPeakTasks` tasks at some moment of the load. Tasks beyond the desired count belong to a
 * deployment or are about to stop: they do not count.
 */
export const judgePeak: Judge = ({ plan, peak }) => {
  const name = 'minPeakTasks';
  if (plan.minPeakTasks === undefined) return null;
  if (peak === null) return { name, ok: false, message: noReadings(plan) };
  const wanted = Math.min(peak.running, peak.desired);
  const surplus = peak.running - wanted;
  const beyond = surplus > 0 ? `, not counting ${surplus} beyond the desired count` : '';
  return {
    name,
    ok: wanted >= plan.minPeakTasks,
    message: `running tasks peaked at ${wanted}${beyond} (minimum ${plan.minPeakTasks}; ${formatTime(peak.at)} UTC)`,
  };
};

/** At most `maxErrorRate` of the requests failed. */
export const judgeErrorRate: Judge = ({ plan, errorRate }) => {
  if (plan.maxErrorRate === undefined) return null;
  const name = 'maxErrorRate';
  if (errorRate === null) {
    const message = `the error rate is unknown: no HTTP request was made (limit ${percent(plan.maxErrorRate)})`;
    return { name, ok: false, message };
  }
  return {
    name,
    ok: errorRate <= plan.maxErrorRate,
    message: `${percent(errorRate)} of requests failed (limit ${percent(plan.maxErrorRate)})`,
  };
};

/** p95 returned below its bound within the limit, counted from the load's rise, and for good; or it never exceeded it. */
export const judgeRecovery: Judge = ({ plan, moments, recovery, load, observedUntilMs }) => {
  const name = 'recoverWithin';
  if (plan.recoverWithin === undefined) return null;
  const { p95Ms, withinMs } = plan.recoverWithin;
  const bound = formatDuration(p95Ms);
  const limit = `limit ${formatDuration(withinMs)}`;
  if (recovery === null || moments.loadRose === null) return { name, ok: false, message: `${NO_LOAD} (${limit})` };
  if (recovery.worstMs === null) {
    const message = `p95 is unknown: no request finished after the load increased (${limit})`;
    return { name, ok: false, message };
  }
  const { point, relapse, peakVUs } = recovery;
  const worst = `worst ${Math.round(recovery.worstMs)}ms`;
  const apart = outliersOf(recovery);
  if (!recovery.exceeded) {
    return { name, ok: true, message: `p95 never exceeded ${bound} after the load increased${apart} (${worst})` };
  }
  const loadAt = `load ${formatTime(moments.loadRose)}`;
  const toRecoveredMs = point === null ? null : pointMs(point) - moments.loadRose;
  const ok = toRecoveredMs !== null && toRecoveredMs <= withinMs;
  if (relapse !== null && !ok) {
    const [from, lost] = [pointMs(relapse.from), pointMs(relapse.lost)];
    const returned = `p95 returned below ${bound}, ${sinceLoad(from - moments.loadRose)}, for only ${formatTenths(lost - from)}`;
    const rest = toRecoveredMs === null ? 'did not return for good' : `returned for good ${sinceLoad(toRecoveredMs)}`;
    const message = `${returned}; it exceeded that again at ${formatTime(lost)} UTC and ${rest}${apart} (${limit}; ${worst}; ${loadAt} UTC)`;
    return { name, ok, message };
  }
  if (point === null || toRecoveredMs === null) {
    // Without load there is no latency to observe.
    const observedMs = Math.min(load?.endedAt ?? observedUntilMs, observedUntilMs) - moments.loadRose;
    const never = `p95 did not return below ${bound} in the ${formatTenths(observedMs)} after the load increased`;
    return { name, ok, message: `${never} (${limit}; ${worst}; ${loadAt} UTC)` };
  }
  const returned = `p95 returned below ${bound}, ${sinceLoad(toRecoveredMs)}${apart}`;
  const times = `${loadAt}, recovered ${formatTime(pointMs(point))} UTC`;
  return { name, ok, message: `${returned} (${limit}; ${worst}; ${times}, at ${point.vus} of ${peakVUs} VUs)` };
};

const outliersOf = ({ outliers }: Recovery): string =>
  outliers === 0 ? '' : `, apart from ${outliers} single ${outliers === 1 ? 'interval' : 'intervals'}`;

/** At most two decimals; rounded away from zero, so that a rate above its limit never reads as the limit. */
const percent = (rate: number): string => `${Math.ceil(Number((rate * 1e4).toFixed(6))) / 100}%`;

const count = (tasks: number): string => `${tasks} ${tasks === 1 ? 'task' : 'tasks'}`;

/** `12:01:10` in UTC, of Unix ms. */
const formatTime = (at: number): string => new Date(at).toISOString().slice(11, 19);

/** To a tenth of a second: readings are no finer. */
const formatTenths = (ms: number): string => formatDuration(Math.round(Math.abs(ms) / 100) * 100);

const sinceLoad = (ms: number): string => `${formatTenths(ms)} ${ms < 0 ? 'before' : 'after'} the load increased`;
