/** What a user should know before a run on AWS; pure, so that `plan` can say it too. */
import { OBSERVE_STACK, type Plan } from '../contract/plan.ts';
import { formatDuration } from '../duration.ts';

/**
 * Where less time is allowed than target tracking of an ECS service needs: three one-minute points above the target,
 * which come about a minute late, and a task that takes a minute to run.
 * https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html
 */
const TARGET_TRACKING_MS = 5 * 60_000;

/** Where a scale-out is expected sooner than target tracking on AWS can bring it. */
export function scaleOutAdvice({ target }: Pick<Plan, 'target'>): string[] {
  const allowed = target?.observe === OBSERVE_STACK ? target.scaleOutWithinMs : undefined;
  if (allowed === undefined || allowed >= TARGET_TRACKING_MS) return [];
  return [
    `scaleOutWithin is ${formatDuration(allowed)}, but ECS target tracking needs about ${formatDuration(TARGET_TRACKING_MS)}, three one-minute points and a task's start: allow 6m, unless a step policy scales it faster`,
  ];
}

/** How many tasks one coordinator keeps up with: docs/benchmarks.md, How far one leg reaches. */
const TASKS_OF_A_COORDINATOR = 1500;

/** Where a fleet is larger than its coordinator can follow. */
export function fleetAdvice({ tasks }: Pick<Plan, 'tasks'>): string[] {
  if (tasks.length <= TASKS_OF_A_COORDINATOR) return [];
  return [
    `${tasks.length} tasks are more than one coordinator keeps up with, so that aborts, stops and the live view come late: use --tasks ${TASKS_OF_A_COORDINATOR} or fewer, with more VUs in each`,
  ];
}

/**
 * What a VU takes, MB: 1 to 5 for a simple script, more with large files or modules.
 * https://grafana.com/docs/k6/latest/testing-guides/running-large-tests/
 */
const VU_MEGABYTES = { least: 1, most: 5 } as const;

/** What the worker and k6 themselves take in a task, MiB. */
const OVERHEAD_MIB = 256;

/** Where a task's memory may not hold its VUs. */
export function memoryAdvice(plan: Pick<Plan, 'tasks'>, task: { memoryMiB: number }): string[] {
  const vus = Math.max(...plan.tasks.map(({ maxVUs }) => maxVUs));
  const room = task.memoryMiB - OVERHEAD_MIB;
  if (vus * VU_MEGABYTES.most <= room) return [];
  const total = plan.tasks.reduce((sum, { maxVUs }) => sum + maxVUs, 0);
  const fit = Math.max(1, Math.floor(room / VU_MEGABYTES.most));
  const verb = vus * VU_MEGABYTES.least > room ? 'do not fit' : 'may not fit';
  return [
    `${vus} VUs in one task ${verb} into its ${task.memoryMiB} MiB (a VU takes ${VU_MEGABYTES.least} to ${VU_MEGABYTES.most} MB, k6 and its worker ${OVERHEAD_MIB}): use --tasks ${Math.ceil(total / fit)}, or give tasks more memory`,
  ];
}
