import type { TargetPlan } from '../contract/plan.ts';
import { formatDuration } from '../duration.ts';
import type { TargetOptions } from './plan.ts';

/** What a script's `observe` is where the stack's configuration names the target. */
export const OBSERVE_STACK = 'stack';

/**
 * How long target tracking of an ECS service may take, from the load's rise to tasks that run; it adds up to 6 min.
 * - up to 60 s until the first whole minute of the load begins: ECS publishes its metrics by the minute;
 * - 3 × 60 s: the alarm that target tracking makes wants 3 points above the target within 3 minutes
 *   (https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html);
 * - up to 60 s until the last point is published, the alarm evaluated and the desired count set;
 * - 60 s for a Fargate task to start, pull its image and pass its health checks.
 */
export const AWS_SCALE_OUT_WITHIN_MS = 60_000 + 3 * 60_000 + 60_000 + 60_000;

/**
 * The least time for which a load must be high for target tracking to see it for sure, ms: 3 whole minutes, and what is
 * left of the minute in which it rose.
 */
const LEAST_PEAK_MS = 60_000 + 3 * 60_000;

/**
 * What to warn of where a load is too short for the scale-out that is expected of a target; null: nothing.
 * @param peakMs for how long the load is planned to be high
 */
export function peakWarning(target: TargetPlan | null, peakMs: number): string | null {
  if (target?.observe !== OBSERVE_STACK || target.scaleOutWithinMs === undefined || peakMs >= LEAST_PEAK_MS)
    return null;
  return `the load is planned to be high for ${formatDuration(Math.round(peakMs / 1000) * 1000)}, and target tracking of an ECS service needs three whole minutes above its target: hold the peak for ${formatDuration(LEAST_PEAK_MS)} or more, or expect no scale-out by scaleOutWithin: false`;
}

/** A target that the stack observes is given time for a scale-out, unless its script says otherwise. */
export const withAwsDefaults = (target: TargetOptions): TargetOptions =>
  target.observe === OBSERVE_STACK && target.scaleOutWithinMs === undefined
    ? { ...target, scaleOutWithinMs: AWS_SCALE_OUT_WITHIN_MS }
    : target;
