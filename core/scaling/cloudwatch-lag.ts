import type { TargetPlan } from '../contract/plan.ts';
import type { TargetSample } from '../contract/result.ts';
import { isCountSeries } from '../contract/target-series.ts';
import { OBSERVE_STACK } from './aws-defaults.ts';

/** CloudWatch's points are of a minute, and may come as late as two minutes after its end. */
const SAMPLE_PERIOD_MS = 60_000;
const SAMPLE_LAG_MS = 180_000;

/**
 * Whether a value of a series tells of the load. CloudWatch's are of whole minutes: that of the minute in which the load
 * began tells of the time before, too, and is left out. A load without any whole minute in it is told of by the one in
 * which most of it lies, and by what follows, for there is no other word on it.
 * @param at, startAt, loadEndedAt Unix ms
 */
export function tellsOfLoad(at: number, startAt: number, loadEndedAt: number): boolean {
  if (at >= startAt) return true;
  const isOfMinute = at % SAMPLE_PERIOD_MS === 0;
  const firstWhole = Math.ceil(startAt / SAMPLE_PERIOD_MS) * SAMPLE_PERIOD_MS;
  return isOfMinute && at > startAt - SAMPLE_PERIOD_MS && firstWhole - startAt >= loadEndedAt - firstWhole;
}

/**
 * Until when the target's series may still tell of the load's last minute, on which thresholds of the plan hang; null:
 * each of them has told of it, or there are none. For after the load.
 * @param loadEndedAt Unix ms
 * @returns Unix ms
 */
export function samplesOpenUntil(
  plan: TargetPlan,
  samples: readonly TargetSample[],
  loadEndedAt: number,
): number | null {
  // Any other observer tells at once what it has.
  if (plan.observe !== OBSERVE_STACK) return null;
  const told = (name: string) =>
    samples.some(({ series, at }) => series === name && at > loadEndedAt - SAMPLE_PERIOD_MS);
  const open = Object.entries(plan.thresholds ?? {}).some(
    ([series, thresholds]) => thresholds.length > 0 && !isCountSeries(series) && !told(series),
  );
  return open ? loadEndedAt + SAMPLE_LAG_MS : null;
}
