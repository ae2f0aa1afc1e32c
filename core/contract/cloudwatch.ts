/** Names in CloudWatch that the coordinator writes, and the stack's alarms and dashboard read. */
import type { Condition } from './interval-metrics.ts';

export const METRIC_NAMESPACE = 'k6-fleet';

/** The only dimension: metrics belong to a stack, not to a run, so that alarms on them exist before any run. */
export const STACK_DIMENSION = 'Stack';

export const MetricName = {
  vus: 'VUs',
  requests: 'Requests',
  failures: 'FailedRequests',
  latency: 'ResponseTime',
  desired: 'TargetDesired',
  running: 'TargetRunning',
  pending: 'TargetPending',
  scalingLag: 'ScalingLag',
  tasksLost: 'TasksLost',
} as const;

/** A metric of 0 or 1 for each condition. */
export const CONDITION_METRIC: Record<Condition, string> = {
  notScaledOut: 'NotScaledOutInTime',
  atMaximum: 'AtMaximumAndFailing',
  errorsWhileScaling: 'ErrorsOverBudgetWhileScaling',
  notRecovered: 'LatencyNotRecovered',
  generatorSaturated: 'GeneratorSaturated',
};

/** The suffix of each alarm's name, after the stack's name. */
export const ALARM_SUFFIX: Record<Condition | 'tasksLost', string> = {
  notScaledOut: 'not-scaled-out',
  atMaximum: 'at-maximum-and-failing',
  errorsWhileScaling: 'errors-while-scaling',
  notRecovered: 'latency-not-recovered',
  generatorSaturated: 'generator-saturated',
  tasksLost: 'tasks-lost',
};

/** Alarms that fail no run: --max-lost decides on lost tasks, and a saturated generator only marks the result. */
const INFORMATIONAL: readonly (keyof typeof ALARM_SUFFIX)[] = ['tasksLost', 'generatorSaturated'];

/** Whether a firing of one of the stack's own alarms fails the run. */
export const alarmFails = (stack: string, name: string): boolean =>
  !INFORMATIONAL.some((kind) => alarmName(stack, kind) === name);

export const alarmName = (stack: string, kind: keyof typeof ALARM_SUFFIX): string => `${stack}-${ALARM_SUFFIX[kind]}`;

/** Whether it is the alarm of this kind of any stack. */
export const isAlarmOn = (name: string, kind: keyof typeof ALARM_SUFFIX): boolean => name.endsWith(alarmName('', kind));

export const alarmNames = (stack: string): string[] =>
  Object.keys(ALARM_SUFFIX).map((kind) => alarmName(stack, kind as keyof typeof ALARM_SUFFIX));

/** How much time before and after a run its dashboard link shows, ms. */
const DASHBOARD_MARGIN_MS = 5 * 60_000;

/** Link to a dashboard at the time of a run, launch included. @param run ISO 8601 */
export function dashboardUrl(region: string, dashboard: string, run: { createdAt: string; endedAt: string }): string {
  const start = new Date(Date.parse(run.createdAt) - DASHBOARD_MARGIN_MS).toISOString();
  const end = new Date(Date.parse(run.endedAt) + DASHBOARD_MARGIN_MS).toISOString();
  return `https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}#dashboards/dashboard/${encodeURIComponent(dashboard)}?start=${start}&end=${end}`;
}
