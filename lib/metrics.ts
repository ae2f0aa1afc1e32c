/** The metrics that the dashboard and the alarms show: the fleet's own, and the target's. */
import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { METRIC_NAMESPACE, STACK_DIMENSION } from '../core/contract/cloudwatch.ts';
import type { TargetConfig } from '../core/contract/stack.ts';

/** The period of AWS services' own metrics, so that all graphs have the same data points. */
export const PERIOD = Duration.minutes(1);

/** A metric that the coordinator publishes for a stack. */
export const fleetMetric = (
  stack: string,
  metricName: string,
  props: Partial<cloudwatch.MetricProps> = {},
): cloudwatch.Metric =>
  new cloudwatch.Metric({
    namespace: METRIC_NAMESPACE,
    metricName,
    dimensionsMap: { [STACK_DIMENSION]: stack },
    statistic: cloudwatch.Stats.MAXIMUM,
    period: PERIOD,
    ...props,
  });

/** Metrics of the target that AWS and its owner publish, by the dashboard row that shows them. */
export interface TargetMetrics {
  latency: cloudwatch.IMetric[];
  errors: cloudwatch.IMetric[];
  utilization: cloudwatch.IMetric[];
  connections: cloudwatch.IMetric[];
  custom: cloudwatch.IMetric[];
}

/** Empty for a target in another account: a dashboard shows its metrics only if the accounts are linked. */
export function targetMetrics(target: TargetConfig | null): TargetMetrics {
  if (target === null || target.observerRoleArn !== undefined) {
    return { latency: [], errors: [], utilization: [], connections: [], custom: [] };
  }
  const { region, loadBalancer, database, services, metrics } = target;
  const metric = (props: cloudwatch.MetricProps) => new cloudwatch.Metric({ period: PERIOD, region, ...props });
  const loadBalancerMetric = (props: Omit<cloudwatch.MetricProps, 'namespace'>): cloudwatch.IMetric[] =>
    // A network load balancer has no metrics of requests or response times.
    loadBalancer === undefined || loadBalancer.startsWith('net/')
      ? []
      : [metric({ ...props, namespace: 'AWS/ApplicationELB', dimensionsMap: { LoadBalancer: loadBalancer } })];
  return {
    latency: loadBalancerMetric({ metricName: 'TargetResponseTime', statistic: 'p95', label: 'load balancer p95, s' }),
    errors: ['HTTPCode_Target_5XX_Count', 'HTTPCode_ELB_5XX_Count'].flatMap((metricName) =>
      loadBalancerMetric({ metricName, statistic: cloudwatch.Stats.SUM }),
    ),
    utilization: services.flatMap(({ cluster, service }) =>
      ['CPUUtilization', 'MemoryUtilization'].map((metricName) =>
        metric({
          namespace: 'AWS/ECS',
          metricName,
          dimensionsMap: { ClusterName: cluster, ServiceName: service },
          label: `${service} ${metricName}, %`,
        }),
      ),
    ),
    connections:
      database === undefined
        ? []
        : [
            metric({
              namespace: 'AWS/RDS',
              metricName: 'DatabaseConnections',
              dimensionsMap: { DBInstanceIdentifier: database },
              statistic: cloudwatch.Stats.MAXIMUM,
            }),
          ],
    custom: Object.entries(metrics).map(([label, { namespace, metric: metricName, dimensions, statistic }]) =>
      metric({ namespace, metricName, dimensionsMap: dimensions, statistic, label }),
    ),
  };
}
