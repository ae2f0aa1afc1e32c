/** What the stack's alarms are on, as it is in the midst of a run. */

import type { Condition } from '../../contract/interval-metrics.ts';
import type { Plan } from '../../contract/plan.ts';
import type { SeriesPoint } from '../../contract/result.ts';
import { seriesPoints } from '../../metrics/metric-results.ts';
import type { RunMetrics } from '../../metrics/run-metrics.ts';
import { findRecovery, findScaleOut, loadRoseAt, pointMs, STABLE_POINTS } from '../../scaling/moments.ts';
import type { RunState } from '../state.ts';
import { generator, testDurationMs } from './result.ts';

export interface ConditionInput {
  plan: Plan;
  state: RunState;
  metrics: RunMetrics;
  /** Unix ms. */
  now: number;
  /** Failed requests over requests of the last interval, 0 to 1. */
  errorRate: number;
}

export interface ConditionReport {
  conditions: Record<Condition, boolean>;
  /** From the load's rise to the running count's, s; null: it has not happened yet. */
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
 * Each condition by the moments that the verdict goes by. What is not known, such as a target that could not be read,
 * raises none.
 */
export function evaluateConditions(look: ConditionInput): ConditionReport {
  const { state, now, plan } = look;
  if (state.startAt === null || now < state.startAt)
    return { conditions: { ...NO_CONDITIONS }, scalingLagSeconds: null };
  const scaling = scalingProgress(look);
  const { targetMaximum } = state;
  const reading = state.readings.at(-1) ?? null;
  const failing = look.errorRate > errorBudget(plan.target);
  return {
    scalingLagSeconds: scaling.lagSeconds,
    conditions: {
      notScaledOut: scaling.notScaledOut,
      atMaximum: failing && reading !== null && targetMaximum !== null && reading.running >= targetMaximum,
      errorsWhileScaling: failing && reading !== null && (reading.desired > reading.running || reading.pending > 0),
      notRecovered: scaling.notRecovered,
      generatorSaturated: isSaturated(look),
    },
  };
}

/** The share of requests that may fail, 0 to 1. Where the script names none, it is no fault that some do. */
const errorBudget = (target: Plan['target']): number => target?.maxErrorRate ?? 1;

interface ScalingProgress {
  lagSeconds: number | null;
  notScaledOut: boolean;
  notRecovered: boolean;
}

const NOTHING_YET: ScalingProgress = { lagSeconds: null, notScaledOut: false, notRecovered: false };

function scalingProgress(look: ConditionInput): ScalingProgress {
  const { plan, state, metrics } = look;
  const { target } = plan;
  if (target === null) return NOTHING_YET;
  const { points, intervalSeconds } = seriesPoints(metrics);
  const [first, last] = [points[0], points.at(-1)];
  const loadRose = loadRoseSoFar(look, points);
  if (loadRose === null || first === undefined || last === undefined) return NOTHING_YET;
  const { scaleOutWithinMs, recoverWithin } = target;
  const { runningRose } = findScaleOut(state.readings, pointMs(first), loadRose);
  const readAt = state.readings.at(-1)?.at ?? loadRose;
  const recovery = recoverWithin === undefined ? null : findRecovery(points, loadRose, recoverWithin.p95Ms);
  // Of a later moment it is not known yet whether p95 stays under its bound from there on.
  const judgedAt = pointMs(last) - STABLE_POINTS * intervalSeconds * 1000;
  return {
    lagSeconds: runningRose === null ? null : (runningRose - loadRose) / 1000,
    notScaledOut: scaleOutWithinMs !== undefined && runningRose === null && readAt - loadRose > scaleOutWithinMs,
    notRecovered:
      recoverWithin !== undefined &&
      recovery?.exceeded === true &&
      recovery.point === null &&
      judgedAt - loadRose > recoverWithin.withinMs,
  };
}

/**
 * When the load rose, as the verdict will say. As long as it may still grow, the VUs that k6 has ready for the script
 * are its peak: otherwise what comes before a spike would pass for a rise of its own. Unix ms; null: not yet.
 */
function loadRoseSoFar({ plan, state, now }: ConditionInput, points: readonly SeriesPoint[]): number | null {
  const last = points.at(-1);
  if (last === undefined || now > (state.startAt ?? now) + plan.loadMs) return loadRoseAt(points);
  const peak = { ...last, t: last.t + 1, vus: plan.tasks.reduce((sum, { vus }) => sum + vus, 0) };
  const rose = loadRoseAt([...points, peak]);
  return rose === pointMs(peak) ? null : rose;
}

function isSaturated({ state, metrics, now }: ConditionInput): boolean {
  const dropped = metrics.counter('dropped_iterations').sum;
  const tasks = state.tasks.map((_, task) => ({ task, peakBusy: metrics.tasks.get(task)?.peakBusy ?? 0 }));
  return generator(dropped, state, tasks, testDurationMs(state, now)).saturated;
}
