import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { TargetConfig } from '../core/contract/stack.ts';
import { PERIOD } from './metrics.ts';

/** The target's own metrics as AWS and its owner publish them, by the row of the dashboard that they belong to. */
export interface TargetMetrics {
  latency: cloudwatch.IMetric[];
  errors: cloudwatch.IMetric[];
  utilization: cloudwatch.IMetric[];
  connections: cloudwatch.IMetric[];
  custom: cloudwatch.IMetric[];
}

/** None for a target in another account: a dashboard sees such metrics only where the accounts have been linked. */
export function targetMetrics(target: TargetConfig | null): TargetMetrics {
  if (target === null || target.observerRoleArn !== undefined) {
    return { latency: [], errors: [], utilization: [], connections: [], custom: [] };
  }
  const { region, loadBalancer, database, services, metrics } = target;
  const metric = (props: cloudwatch.MetricProps) => new cloudwatch.Metric({ period: PERIOD, region, ...props });
  const ofBalancer = (props: Omit<cloudwatch.MetricProps, 'namespace'>): cloudwatch.IMetric[] =>
    // A network load balancer knows neither requests nor their time.
    loadBalancer === undefined || loadBalancer.startsWith('net/')
      ? []
      : [metric({ ...props, namespace: 'AWS/ApplicationELB', dimensionsMap: { LoadBalancer: loadBalancer } })];
  return {
    latency: ofBalancer({ metricName: 'TargetResponseTime', statistic: 'p95', label: 'load balancer p95, s' }),
    errors: ['HTTPCode_Target_5XX_Count', 'HTTPCode_ELB_5XX_Count'].flatMap((metricName) =>
      ofBalancer({ metricName, statistic: cloudwatch.Stats.SUM }),
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
