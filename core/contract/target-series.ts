/** Names of a target's series, where thresholds, observers and reports meet. A target's configuration may name more. */
import type { TargetConfig } from './stack.ts';

export const TargetSeries = {
  /** Counts of tasks: every reading has them. */
  desired: 'desired',
  running: 'running',
  pending: 'pending',
  /** How many tasks its autoscaling may run at most. */
  maximum: 'maximum',
  /** Targets of the load balancer that pass its health check. */
  healthyHosts: 'healthyHosts',
  /** %, of what the tasks reserve. */
  cpu: 'cpu',
  memory: 'memory',
  /** p95 as the load balancer sees it, ms. */
  responseTime: 'responseTime',
  /** A minute, of the targets and of the load balancer itself. */
  errors5xx: 'errors5xx',
  dbConnections: 'dbConnections',
  /** Of the demo's slots, %. */
  utilization: 'utilization',
} as const;

/** The series that a target's readings are: no sample has them. */
export const COUNT_SERIES = [TargetSeries.desired, TargetSeries.running, TargetSeries.pending] as const;
export type CountSeries = (typeof COUNT_SERIES)[number];

export const isCountSeries = (series: string): series is CountSeries =>
  (COUNT_SERIES as readonly string[]).includes(series);

export const DEMO_SERIES: readonly string[] = [...COUNT_SERIES, TargetSeries.maximum, TargetSeries.utilization];

/** A Network Load Balancer knows neither responses nor their status. */
export const isApplicationLoadBalancer = ({ loadBalancer }: TargetConfig): boolean =>
  loadBalancer?.startsWith('app/') === true;

/** The series that an ECS target has, by its configuration; thresholds can be set on these. */
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
