/** The conditions that the stack's alarms are on, evaluated while a run is under way. */

import type { Condition } from '../../contract/interval-metrics.ts';
import type { Plan } from '../../contract/plan.ts';
import type { SeriesPoint } from '../../contract/result.ts';
import { seriesPoints } from '../../metrics/metric-results.ts';
import { findRecovery, findScaleOut, loadRoseAt, pointMs, STABLE_POINTS } from '../../scaling/moments.ts';
import type { Run } from '../state.ts';
import { generator } from './generator.ts';
import { testDurationMs } from './result.ts';

export interface ConditionInput extends Run {
  /** Unix ms. */
  now: number;
  /** Failed requests over requests in the last interval, 0 to 1. */
  errorRate: number;
}

export interface ConditionReport {
  conditions: Record<Condition, boolean>;
  /** From the rise of the load to the rise of the running count, s; null: not yet. */
  scalingLagSeconds: number | null;
}

export const NO_CONDITIONS: Readonly<Record<Condition, boolean>> = {
  notScaledOut: false,
  atMaximum: false,
  errorsWhileScaling: false,
  notRecovered: false,
  generatorSaturated: false,
};

/**
 * Evaluates each condition by the same moments as the verdict. What is unknown, such as the scaling of a target that
 * could not be read, raises none.
 */
export function evaluateConditions(input: ConditionInput): ConditionReport {
  const { state, now, plan } = input;
  if (state.startAt === null || now < state.startAt)
    return { conditions: { ...NO_CONDITIONS }, scalingLagSeconds: null };
  const scaling = scalingProgress(input);
  const { targetMaximum } = state;
  const reading = state.readings.at(-1) ?? null;
  const failing = input.errorRate > errorBudget(plan.target);
  return {
    scalingLagSeconds: scaling.lagSeconds,
    conditions: {
      notScaledOut: scaling.notScaledOut,
      atMaximum: failing && reading !== null && targetMaximum !== null && reading.running >= targetMaximum,
      errorsWhileScaling: failing && reading !== null && (reading.desired > reading.running || reading.pending > 0),
      notRecovered: scaling.notRecovered,
      generatorSaturated: isSaturated(input),
    },
  };
}

/** The share of requests that may fail, 0 to 1: all of them, unless the script sets a limit. */
const errorBudget = (target: Plan['target']): number => target?.maxErrorRate ?? 1;

interface ScalingProgress {
  lagSeconds: number | null;
  notScaledOut: boolean;
  notRecovered: boolean;
}

const NOTHING_YET: ScalingProgress = { lagSeconds: null, notScaledOut: false, notRecovered: false };

function scalingProgress(input: ConditionInput): ScalingProgress {
  const { plan, state, metrics } = input;
  const { target } = plan;
  if (target === null) return NOTHING_YET;
  const { points: all, intervalSeconds } = seriesPoints(metrics);
  // Past the frontier a point is not whole: it lacks what some tasks have not delivered yet.
  const whole = metrics.frontier.second ?? Number.NEGATIVE_INFINITY;
  const points = all.filter(({ t }) => t + intervalSeconds <= whole + metrics.bounds.cellSeconds);
  const [first, last] = [points[0], points.at(-1)];
  const loadRose = loadRoseSoFar(input, points);
  if (loadRose === null || first === undefined || last === undefined) return NOTHING_YET;
  const { scaleOutWithinMs, recoverWithin } = target;
  const { runningRose } = findScaleOut({
    readings: state.readings,
    events: state.events,
    loadBegan: pointMs(first),
    loadRose,
  });
  const readAt = state.readings.at(-1)?.at ?? loadRose;
  // From a later moment on, it is not yet known whether p95 stays below its bound.
  const judgedAt = pointMs(last) - STABLE_POINTS * intervalSeconds * 1000;
  return {
    lagSeconds: runningRose === null ? null : (runningRose - loadRose) / 1000,
    notScaledOut: scaleOutWithinMs !== undefined && runningRose === null && readAt - loadRose > scaleOutWithinMs,
    notRecovered:
      recoverWithin !== undefined &&
      judgedAt - loadRose > recoverWithin.withinMs &&
      isNotRecovered(input, { points, loadRose, judgedAt, ...recoverWithin }),
  };
}

interface RecoveryProgress {
  points: readonly SeriesPoint[];
  /** Unix ms. */
  loadRose: number;
  judgedAt: number;
  p95Ms: number;
  withinMs: number;
}

/**
 * After the limit: p95 is not back, or was lost again and then came back too late. A late recovery that lasts ends the
 * condition; after a relapse it holds to the end, so that a short one is not missed between two intervals.
 */
function isNotRecovered({ plan, state, now }: ConditionInput, progress: RecoveryProgress): boolean {
  const { points, loadRose, judgedAt, p95Ms, withinMs } = progress;
  const loadEndsAt = (state.startAt ?? now) + plan.loadMs;
  const { exceeded, point, relapse } = findRecovery({ points, loadRose, loadEndsAt, p95Ms });
  if (!exceeded) return false;
  if (relapse === null) return point === null;
  const isLate = point === null || pointMs(point) - loadRose > withinMs;
  return isLate && pointMs(relapse.lost) <= judgedAt;
}

/**
 * When the load rose, as the verdict will have it; Unix ms, null: not yet. While the load may still grow, the initialised
 * VUs count as its peak: otherwise what precedes a spike would pass for the rise.
 */
function loadRoseSoFar({ plan, state, now }: ConditionInput, points: readonly SeriesPoint[]): number | null {
  const last = points.at(-1);
  if (last === undefined || now > (state.startAt ?? now) + plan.loadMs) return loadRoseAt(points);
  const peak = { ...last, t: last.t + 1, vus: plan.tasks.reduce((sum, { vus }) => sum + vus, 0) };
  const rose = loadRoseAt([...points, peak]);
  return rose === pointMs(peak) ? null : rose;
}

function isSaturated({ plan, state, metrics, now }: ConditionInput): boolean {
  const tasks = state.tasks.map((_, task) => {
    const { peakBusy = 0, peakOwnBusy = 0 } = metrics.tasks.get(task) ?? {};
    return { task, peakBusy, peakOwnBusy };
  });
  return generator({
    dropped: metrics.counter('dropped_iterations').sum,
    state,
    tasks,
    durationMs: testDurationMs(state, now),
    isMachineShared: plan.fargate === null,
  }).saturated;
}
