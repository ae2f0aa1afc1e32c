/** CloudWatch's points cover whole minutes and come late: which of them count for a load, and how long to wait for them. */
import { OBSERVE_STACK, type TargetPlan } from '../contract/plan.ts';
import type { TargetSample } from '../contract/result.ts';
import { isCountSeries } from '../contract/target-series.ts';

/** A point covers a minute and may arrive up to two minutes after its end. */
const SAMPLE_PERIOD_MS = 60_000;
const SAMPLE_LAG_MS = 180_000;

/**
 * Whether a value of a series counts for the load. CloudWatch's values cover whole minutes, so the value of the minute in
 * which the load began covers time before it too, and does not count. A load that contains no whole minute is judged by
 * the minute in which most of it lies, and by what follows, since there is no better value.
 * @param at, startAt, loadEndedAt Unix ms
 */
export function coversLoad(at: number, startAt: number, loadEndedAt: number): boolean {
  if (at >= startAt) return true;
  const isOfMinute = at % SAMPLE_PERIOD_MS === 0;
  const firstWhole = Math.ceil(startAt / SAMPLE_PERIOD_MS) * SAMPLE_PERIOD_MS;
  return isOfMinute && at > startAt - SAMPLE_PERIOD_MS && firstWhole - startAt >= loadEndedAt - firstWhole;
}

/**
 * After the load: until when the target's series may still lack a value of the load's last minute that a threshold of the
 * plan needs; null: each has one, or the plan has no such thresholds.
 * @param loadEndedAt Unix ms
 * @returns Unix ms
 */
export function samplesDueUntil(
  plan: TargetPlan,
  samples: readonly TargetSample[],
  loadEndedAt: number,
): number | null {
  // Other observers report without delay.
  if (plan.observe !== OBSERVE_STACK) return null;
  const isComplete = (name: string) =>
    samples.some(({ series, at }) => series === name && at > loadEndedAt - SAMPLE_PERIOD_MS);
  const isDue = Object.entries(plan.thresholds ?? {}).some(
    ([series, thresholds]) => thresholds.length > 0 && !isCountSeries(series) && !isComplete(series),
  );
  return isDue ? loadEndedAt + SAMPLE_LAG_MS : null;
}
