/** How many requests a run makes, derived from the protocol of worker and coordinator. */

import { MetricName } from '../contract/cloudwatch.ts';
import { CONDITIONS } from '../contract/interval-metrics.ts';
import type { Timing } from '../contract/plan.ts';
import { PROGRESS_INTERVAL_MS } from '../contract/progress.ts';
import type { TargetConfig } from '../contract/stack.ts';
import { isApplicationLoadBalancer } from '../contract/target-series.ts';
import { POLLS_PER_STATUS_READ } from '../run/task-poller.ts';

export interface Requests {
  puts: number;
  gets: number;
}

/** Of a worker: its statuses ready, armed, running and done, and its log. */
const WORKER_PUTS = 5;
/** Of a worker: plan.json, archive.tar, environment.json. */
const WORKER_GETS = 3;
/** Of a run: plan, archive, summary.tar, environment, result, summary, and the changes of control.json in between. */
const RUN_PUTS = 24;
/** Of a run: plan, checkpoint and control.json whenever a coordinator claims the run. The CLI's polls are not counted. */
const RUN_GETS = 12;

/** S3 requests for one task in an hour of load: its windows and polls, and the coordinator's polls of it. */
export function taskRequestsPerHour(timing: Timing): Requests {
  const windows = perHour(timing.windowMs);
  const polls = perHour(Math.max(timing.taskPollIntervalMs, timing.tickMs));
  // A poll before the next window is there costs a GET in vain, and one of the status unless that poll had read it. With
  // as many polls as windows, one in six is such a poll (npm run bench -- --only requests).
  const inVain = Math.max(polls / 6, polls - windows) * (2 - 1 / POLLS_PER_STATUS_READ);
  return {
    puts: windows,
    gets: perHour(timing.controlPollIntervalMs) + windows + polls / POLLS_PER_STATUS_READ + inVain,
  };
}

/** S3 requests of the coordinator in an hour, independent of the number of tasks. */
export const coordinatorRequestsPerHour = (timing: Timing): Requests => ({
  puts: perHour(timing.renewMs) + perHour(timing.checkpointMs) + perHour(PROGRESS_INTERVAL_MS),
  gets: perHour(timing.tickMs),
});

/** S3 requests that do not depend on how long the run lasts. */
export const onceRequests = (tasks: number): Requests => ({
  puts: tasks * WORKER_PUTS + RUN_PUTS,
  gets: tasks * WORKER_GETS + RUN_GETS,
});

/** Number of metrics that a run publishes, independent of the number of tasks. */
export const PUBLISHED_METRICS = Object.keys(MetricName).length + CONDITIONS.length;

/** How many series one GetMetricData call reads for the target. */
export function targetSeries(target: TargetConfig | null): number {
  if (target === null) return 0;
  return (
    target.services.length * 2 +
    (isApplicationLoadBalancer(target) ? 3 : 0) +
    (target.database === undefined ? 0 : 1) +
    Object.keys(target.metrics).length
  );
}

const perHour = (everyMs: number): number => 3_600_000 / everyMs;
