/** After the run: the target may still be about to scale out, or to be measured, as it is expected to. */
import type { Plan } from '../../contract/plan.ts';
import { seriesPoints } from '../../metrics/metric-results.ts';
import type { RunMetrics } from '../../metrics/run-metrics.ts';
import { samplesDueUntil } from '../../scaling/cloudwatch-lag.ts';
import { findScaleOut, loadRoseAt, pointMs } from '../../scaling/moments.ts';
import { loadEnd } from '../report/result.ts';
import { type RunState, warn } from '../state.ts';
import type { Step } from './step.ts';

/** How long workers may take to leave once they may, before they are killed, ms. */
export const LEAVE_MS = 10_000;

/** The end of the run's work: the target is still watched where a scale-out is expected of it. */
export function afterRun(step: Step): void {
  const isOpen = step.state.stop === null && step.input.targetOpenUntil() !== null;
  step.enter(isOpen ? 'observing' : 'finished');
}

/** Watches until the expectation is decided. */
export function observing(step: Step): void {
  const { state, input } = step;
  const until = input.targetOpenUntil();
  state.observedUntil = input.now;
  if (input.stopRequest !== null) {
    warn(state, 'a stop was asked for while the target was watched after the load: what it did later is not known');
    step.enter('finished');
  } else if (until === null || input.now >= until) {
    step.enter('finished');
  } else if (input.now - state.phaseSince > LEAVE_MS) {
    state.tasks.forEach(({ launchedAt }, index) => {
      if (launchedAt !== null && step.isAlive(index)) step.kill(index);
    });
  }
}

/**
 * Until when what the plan expects of the target is open, Unix ms; null: it is decided.
 * @param now Unix ms
 */
export function targetOpenUntil(plan: Plan, state: RunState, metrics: RunMetrics, now: number): number | null {
  if (plan.target === null) return null;
  const open = [
    scaleOutOpenUntil(plan, state, metrics),
    samplesDueUntil(plan.target, state.samples, loadEnd(state, now)),
  ].filter((until) => until !== null);
  return open.length === 0 ? null : Math.max(...open);
}

/** One more reading than the time allowed shows what happened up to its last moment. */
function scaleOutOpenUntil(plan: Plan, state: RunState, metrics: RunMetrics): number | null {
  const allowedMs = plan.target?.scaleOutWithinMs;
  if (allowedMs === undefined) return null;
  const { points } = seriesPoints(metrics);
  const loadRose = loadRoseAt(points);
  if (points[0] === undefined || loadRose === null) return null;
  const { runningRose } = findScaleOut(state.readings, pointMs(points[0]), loadRose);
  return runningRose === null ? loadRose + allowedMs + plan.timing.targetPollIntervalMs : null;
}
