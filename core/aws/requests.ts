/** How many requests a run makes, counted from the protocol of worker and coordinator. */

import { MetricName } from '../contract/cloudwatch.ts';
import { CONDITIONS } from '../contract/interval-metrics.ts';
import type { Timing } from '../contract/plan.ts';
import type { TargetConfig } from '../contract/stack.ts';
import { isApplicationLoadBalancer } from '../contract/target-series.ts';
import { POLLS_PER_STATUS_READ } from '../run/task-poller.ts';

export interface Requests {
  puts: number;
  gets: number;
}

/** A worker, from its start to its end: ready, armed, running, done; its log. */
const WORKER_PUTS = 5;
/** plan.json, archive.tar, environment.json. */
const WORKER_GETS = 3;
/** plan, archive, summary.tar, environment; result, summary, and what the phases in between change in control.json. */
const RUN_PUTS = 24;
/** plan, checkpoint and control.json at each take-over; the CLI's polls of progress.json are not the stack's. */
const RUN_GETS = 12;

const PROGRESS_SECONDS = 1;

/** S3 requests of one task in an hour of load. Its own: windows, polls. The coordinator's: looks at it. */
export function taskRequestsPerHour(timing: Timing): Requests {
  const windows = perHour(timing.windowMs);
  const looks = perHour(Math.max(timing.taskPollIntervalMs, timing.tickMs));
  // A look at which there is no window yet: a GET that finds none, and then the word, if it was not read before. One look
  // in six is so where there are as many looks as windows (npm run bench -- --only requests).
  const inVain = Math.max(looks / 6, looks - windows) * (2 - 1 / POLLS_PER_STATUS_READ);
  return {
    puts: windows,
    gets: perHour(timing.controlPollIntervalMs) + windows + looks / POLLS_PER_STATUS_READ + inVain,
  };
}

/** S3 requests of the coordinator in an hour, whatever the number of tasks is. */
export const coordinatorRequestsPerHour = (timing: Timing): Requests => ({
  puts: perHour(timing.renewMs) + perHour(timing.checkpointMs) + perHour(PROGRESS_SECONDS * 1000),
  gets: perHour(timing.tickMs),
});

/** S3 requests that a run makes once, however long it lasts. */
export const onceRequests = (tasks: number): Requests => ({
  puts: tasks * WORKER_PUTS + RUN_PUTS,
  gets: tasks * WORKER_GETS + RUN_GETS,
});

/** Metrics that a run writes: a fixed set, whatever the number of tasks is. */
export const PUBLISHED_METRICS = Object.keys(MetricName).length + CONDITIONS.length;

/** How many series of the target GetMetricData is asked for at a time. */
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
