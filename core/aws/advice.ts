/** Advice before a run on AWS. Pure, so that `plan` can give it too. */
import { OBSERVE_STACK, type Plan } from '../contract/plan.ts';
import { formatDuration } from '../duration.ts';

/**
 * The least time in which target tracking scales an ECS service out: three one-minute data points above the target, which
 * are published about a minute late, and a minute for a task to start.
 * https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html
 */
const TARGET_TRACKING_MS = 5 * 60_000;

/** Warns if a scale-out is expected sooner than target tracking can achieve it. */
export function scaleOutAdvice({ target }: Pick<Plan, 'target'>): string[] {
  const allowed = target?.observe === OBSERVE_STACK ? target.scaleOutWithinMs : undefined;
  if (allowed === undefined || allowed >= TARGET_TRACKING_MS) return [];
  return [
    `scaleOutWithin is ${formatDuration(allowed)}, but ECS target tracking needs about ${formatDuration(TARGET_TRACKING_MS)} for three one-minute data points and a task's start: allow 6m, unless a step scaling policy is faster`,
  ];
}

/** How many tasks one coordinator keeps up with: docs/benchmarks.md, How far one leg reaches. */
const MAX_TASKS_PER_COORDINATOR = 1500;

/** Warns if the fleet is larger than its coordinator can keep up with. */
export function fleetAdvice({ tasks }: Pick<Plan, 'tasks'>): string[] {
  if (tasks.length <= MAX_TASKS_PER_COORDINATOR) return [];
  return [
    `${tasks.length} tasks are more than one coordinator keeps up with: thresholds abort late, stops take longer and the live view lags; use --tasks ${MAX_TASKS_PER_COORDINATOR} or fewer, with more VUs in each`,
  ];
}

/**
 * Memory of a VU, MB: 1 to 5 for a simple script, more with large files or modules.
 * https://grafana.com/docs/k6/latest/testing-guides/running-large-tests/
 */
const VU_MEGABYTES = { least: 1, most: 5 } as const;

/** Memory of the worker and of k6 itself, MiB. */
const OVERHEAD_MIB = 256;

/** Warns if a task's memory may be too small for its VUs. */
export function memoryAdvice(plan: Pick<Plan, 'tasks'>, task: { memoryMiB: number }): string[] {
  const vus = Math.max(...plan.tasks.map(({ maxVUs }) => maxVUs));
  const room = task.memoryMiB - OVERHEAD_MIB;
  if (vus * VU_MEGABYTES.most <= room) return [];
  const total = plan.tasks.reduce((sum, { maxVUs }) => sum + maxVUs, 0);
  const fit = Math.max(1, Math.floor(room / VU_MEGABYTES.most));
  const verb = vus * VU_MEGABYTES.least > room ? 'do not fit' : 'may not fit';
  return [
    `${vus} VUs in one task ${verb} in its ${task.memoryMiB} MiB (a VU uses ${VU_MEGABYTES.least} to ${VU_MEGABYTES.most} MB, k6 and its worker ${OVERHEAD_MIB}): use --tasks ${Math.ceil(total / fit)}, or give tasks more memory`,
  ];
}
