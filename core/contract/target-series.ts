/** Names of a target's series, shared by thresholds, observers and reports. A target's configuration may add more. */
import type { TargetConfig } from './stack.ts';

export const TargetSeries = {
  /** Task counts, in every reading. */
  desired: 'desired',
  running: 'running',
  pending: 'pending',
  /** Maximum number of tasks of its autoscaling. */
  maximum: 'maximum',
  /** Targets that pass the load balancer's health check. */
  healthyHosts: 'healthyHosts',
  /** % of the tasks' reservation. */
  cpu: 'cpu',
  memory: 'memory',
  /** p95 as measured by the load balancer, ms. */
  responseTime: 'responseTime',
  /** Per minute, from the targets and from the load balancer itself. */
  errors5xx: 'errors5xx',
  dbConnections: 'dbConnections',
  /** % of the demo's slots in use. */
  utilization: 'utilization',
} as const;

/** The series that come from readings, not from samples. */
export const COUNT_SERIES = [TargetSeries.desired, TargetSeries.running, TargetSeries.pending] as const;
export type CountSeries = (typeof COUNT_SERIES)[number];

export const isCountSeries = (series: string): series is CountSeries =>
  (COUNT_SERIES as readonly string[]).includes(series);

export const DEMO_SERIES: readonly string[] = [...COUNT_SERIES, TargetSeries.maximum, TargetSeries.utilization];

/** A Network Load Balancer has no metrics of responses or their status. */
export const isApplicationLoadBalancer = ({ loadBalancer }: TargetConfig): boolean =>
  loadBalancer?.startsWith('app/') === true;

/** The series of an ECS target, by its configuration; thresholds can name these. */
export const ecsSeries = (target: TargetConfig): string[] => [
  ...new Set([
    ...COUNT_SERIES,
    TargetSeries.maximum,
    TargetSeries.cpu,
    TargetSeries.memory,
    ...(target.targetGroup === undefined ? [] : [TargetSeries.healthyHosts]),
    ...(isApplicationLoadBalancer(target) ? [TargetSeries.responseTime, TargetSeries.errors5xx] : []),
    ...(target.database === undefined ? [] : [TargetSeries.dbConnections]),
    ...Object.keys(target.metrics),
  ]),
];
