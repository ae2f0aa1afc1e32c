import type { Expectation } from '../contract/result.ts';
import { formatDuration } from '../duration.ts';
import { type Facts, formatRelative, formatSpan, formatTime, NO_LOAD, noReadings } from './facts.ts';

type Judge = (facts: Facts) => Expectation | null;

/**
 * The target ran at least `minPeakTasks` tasks at some moment of the load. Tasks beyond the desired count are those of a
 * deployment, or about to leave: they do not count.
 */
export const judgePeak: Judge = ({ plan, peak }) => {
  const name = 'minPeakTasks';
  if (plan.minPeakTasks === undefined) return null;
  if (peak === null) return { name, ok: false, message: noReadings(plan) };
  const wanted = Math.min(peak.running, peak.desired);
  const beyond = peak.running > wanted ? `, and ${peak.running - wanted} that were not desired` : '';
  return {
    name,
    ok: wanted >= plan.minPeakTasks,
    message: `at its peak the target ran ${count(wanted)}${beyond} (${formatTime(peak.at)} UTC); expected at least ${plan.minPeakTasks}`,
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
export const judgeRecovery: Judge = ({ plan, moments, timings, recovery, load, watchedUntilMs }) => {
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
    // There is no latency to see once the load has ended.
    const seenMs = Math.min(load?.endedAt ?? watchedUntilMs, watchedUntilMs) - moments.loadRose;
    const message = `p95 never came back under ${bound} in the ${formatSpan(seenMs)} after the load rose (load ${formatTime(moments.loadRose)} UTC); its worst was ${worst}; ${allowed}`;
    return { name, ok: false, message };
  }
  return {
    name,
    ok: timings.toRecoveredMs <= withinMs,
    message: `p95 came back under ${bound}, from ${worst} at its worst, ${formatRelative(timings.toRecoveredMs)} (load ${formatTime(moments.loadRose)}, recovered ${formatTime(moments.latencyRecovered)} UTC, at ${recovery.point.vus} of ${recovery.peakVUs} VUs); ${allowed}`,
  };
};

/** At most two decimals; rounded away from zero, so that a rate above its bound never reads as the bound. */
const percent = (rate: number): string => `${Math.ceil(Number((rate * 1e4).toFixed(6))) / 100} %`;

const count = (tasks: number): string => `${tasks} ${tasks === 1 ? 'task' : 'tasks'}`;
