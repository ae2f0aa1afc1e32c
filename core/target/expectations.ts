import type { TargetPlan } from '../contract/plan.ts';
import type { Expectation, TargetMoments, TargetReading, TargetResult } from '../contract/result.ts';
import { formatDuration } from '../duration.ts';
import type { Recovery, Scaling } from './moments.ts';

/** What the expectations are judged by. */
export interface Facts {
  plan: TargetPlan;
  moments: TargetMoments;
  timings: TargetResult['timings'];
  /** Null: the load never rose. */
  scaling: Scaling | null;
  /** Null: the load never rose, or no recovery is expected. */
  recovery: Recovery | null;
  /** The reading with the most running tasks since the load began; null: no readings. */
  peak: TargetReading | null;
  /** 0 to 1. */
  errorRate: number;
  /** Unix ms of the load's end. */
  endedAtMs: number;
}

type Judge = (facts: Facts) => Expectation | null;

const NO_LOAD = 'the load never rose: no VUs and no requests were measured';

/** The running count rose within `scaleOutWithinMs` of the load's rise. */
export const judgeScaleOut: Judge = ({ plan, moments, timings, scaling, peak, endedAtMs }) => {
  const name = 'scaleOutWithin';
  const allowedMs = plan.scaleOutWithinMs;
  if (allowedMs === undefined) return null;
  const allowed = `allowed ${formatDuration(allowedMs)}`;
  const { loadRose, desiredRose, runningRose } = moments;
  if (peak === null) return { name, ok: false, message: noReadings(plan) };
  if (scaling === null || loadRose === null) return { name, ok: false, message: `${NO_LOAD}; ${allowed}` };
  const watchedMs = endedAtMs - loadRose;
  const tooShort = watchedMs < allowedMs ? '; the load ended before that: hold it for longer' : '';
  if (desiredRose === null || timings.toDesiredMs === null) {
    const message = `desired never rose above ${scaling.from} in the ${span(watchedMs)} after the load rose (load ${clock(loadRose)} UTC); ${allowed}${tooShort}`;
    return { name, ok: false, message };
  }
  if (runningRose === null || timings.toRunningMs === null) {
    const message = `desired rose from ${scaling.from} to ${scaling.desiredTo} ${relative(timings.toDesiredMs)}, but running never rose above ${scaling.from} (load ${clock(loadRose)}, desired ${clock(desiredRose)} UTC); ${allowed}${tooShort}`;
    return { name, ok: false, message };
  }
  return {
    name,
    ok: timings.toRunningMs <= allowedMs,
    message: `running rose from ${scaling.from} to ${scaling.runningTo} tasks ${relative(timings.toRunningMs)} (load ${clock(loadRose)}, desired ${clock(desiredRose)}, running ${clock(runningRose)} UTC); ${allowed}`,
  };
};

/** The target ran at least `minPeakTasks` tasks at some moment of the load. */
export const judgePeak: Judge = ({ plan, peak }) => {
  const name = 'minPeakTasks';
  if (plan.minPeakTasks === undefined) return null;
  if (peak === null) return { name, ok: false, message: noReadings(plan) };
  return {
    name,
    ok: peak.running >= plan.minPeakTasks,
    message: `at its peak the target ran ${count(peak.running)} (${clock(peak.at)} UTC); expected at least ${plan.minPeakTasks}`,
  };
};

/** No more than `maxErrorRate` of the requests failed. */
export const judgeErrorRate: Judge = ({ plan, errorRate }) => {
  if (plan.maxErrorRate === undefined) return null;
  return {
    name: 'maxErrorRate',
    ok: errorRate <= plan.maxErrorRate,
    message: `${percent(errorRate)} of the requests failed; allowed ${percent(plan.maxErrorRate)}`,
  };
};

/** p95 came back under its bound within the allowed time of the load's rise, or never left it. */
export const judgeRecovery: Judge = ({ plan, moments, timings, recovery, endedAtMs }) => {
  const name = 'recoverWithin';
  if (plan.recoverWithin === undefined) return null;
  const { p95Ms, withinMs } = plan.recoverWithin;
  const bound = formatDuration(p95Ms);
  const allowed = `allowed ${formatDuration(withinMs)}`;
  if (recovery === null || moments.loadRose === null) return { name, ok: false, message: `${NO_LOAD}; ${allowed}` };
  if (recovery.worstMs === null) {
    return { name, ok: false, message: `p95 is unknown: no request finished after the load rose; ${allowed}` };
  }
  const worst = `${Math.round(recovery.worstMs)}ms`;
  if (!recovery.exceeded) {
    return { name, ok: true, message: `p95 never exceeded ${bound} after the load rose; its worst was ${worst}` };
  }
  if (recovery.point === null || moments.latencyRecovered === null || timings.toRecoveredMs === null) {
    const watched = span(endedAtMs - moments.loadRose);
    const message = `p95 never came back under ${bound} in the ${watched} after the load rose (load ${clock(moments.loadRose)} UTC); its worst was ${worst}; ${allowed}`;
    return { name, ok: false, message };
  }
  return {
    name,
    ok: timings.toRecoveredMs <= withinMs,
    message: `p95 came back under ${bound}, from ${worst} at its worst, ${relative(timings.toRecoveredMs)} (load ${clock(moments.loadRose)}, recovered ${clock(moments.latencyRecovered)} UTC, at ${recovery.point.vus} of ${recovery.peakVUs} VUs); ${allowed}`,
  };
};

function noReadings({ observe }: TargetPlan): string {
  return observe === null
    ? "nothing observed the target: set observe in the script's options.ext.fleet.target"
    : `the target's state could never be read from ${observe}`;
}

/** `12:01:10` in UTC, of Unix ms. */
const clock = (at: number): string => new Date(at).toISOString().slice(11, 19);

/** To a tenth of a second: readings are no finer. */
const span = (ms: number): string => formatDuration(Math.round(Math.abs(ms) / 100) * 100);

const relative = (ms: number): string => `${span(ms)} ${ms < 0 ? 'before' : 'after'} the load rose`;

/** At most two decimals; rounded away from zero, so that a rate above its bound never reads as the bound. */
const percent = (rate: number): string => `${Math.ceil(Number((rate * 1e4).toFixed(6))) / 100} %`;

const count = (tasks: number): string => `${tasks} ${tasks === 1 ? 'task' : 'tasks'}`;
