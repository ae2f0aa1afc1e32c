import { seriesPoints } from '../../metrics/metric-results.ts';
import { samplesDueUntil } from '../../scaling/cloudwatch-lag.ts';
import { findScaleOut, loadRoseAt, pointMs } from '../../scaling/moments.ts';
import { loadEnd } from '../report/result.ts';
import { type Run, warn } from '../state.ts';
import type { Step } from './step.ts';

/** How long workers may take to exit once they may, before they are killed, ms. */
export const SHUTDOWN_GRACE_MS = 10_000;

/** The run's work is done: it is finished, unless an expectation of the target is still open. */
export function enterObserving(step: Step): void {
  const isOpen = step.state.stop === null && openUntil(step) !== null;
  step.enter(isOpen ? 'observing' : 'finished');
}

/** Observing: workers exit; the target is observed until its expectations are decided. Then the run is finished. */
export function advanceObserving(step: Step): void {
  const { state, input } = step;
  const until = openUntil(step);
  state.observedUntil = input.now;
  if (input.stopRequest !== null) {
    warn(state, 'the run was stopped while it observed the target after the load: later scaling is not in the result');
    step.enter('finished');
  } else if (until === null || input.now >= until) {
    step.enter('finished');
  } else if (input.now - state.phaseSince > SHUTDOWN_GRACE_MS) {
    state.tasks.forEach(({ launchedAt }, index) => {
      if (launchedAt !== null && step.isAlive(index)) step.kill(index);
    });
  }
}

const openUntil = ({ run, input }: Step): number | null =>
  input.isTargetObserved ? targetOpenUntil(run, input.now) : null;

/**
 * When the last expectation of the target will be decided at the latest, Unix ms; null if all are. Not cheap: it goes
 * through all points of the series.
 * @param now Unix ms
 */
function targetOpenUntil(run: Run, now: number): number | null {
  const { target } = run.plan;
  if (target === null) return null;
  const open = [scaleOutOpenUntil(run), samplesDueUntil(target, run.state.samples, loadEnd(run.state, now))].filter(
    (until) => until !== null,
  );
  return open.length === 0 ? null : Math.max(...open);
}

/** One reading beyond the time allowed, which shows what happened up to its last moment. */
function scaleOutOpenUntil({ plan, state, metrics }: Run): number | null {
  const allowedMs = plan.target?.scaleOutWithinMs;
  if (allowedMs === undefined) return null;
  const { points } = seriesPoints(metrics);
  const loadRose = loadRoseAt(points);
  if (points[0] === undefined || loadRose === null) return null;
  const { runningRose } = findScaleOut({
    readings: state.readings,
    events: state.events,
    loadBegan: pointMs(points[0]),
    loadRose,
  });
  return runningRose === null ? loadRose + allowedMs + plan.timing.targetPollIntervalMs : null;
}
