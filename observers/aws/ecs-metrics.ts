import { type CloudWatchClient, type MetricDataQuery, paginateGetMetricData } from '@aws-sdk/client-cloudwatch';
import type { TargetSample } from '../../core/contract/result.ts';
import type { TargetConfig } from '../../core/contract/stack.ts';
import { isApplicationLoadBalancer, TargetSeries } from '../../core/contract/target-series.ts';

const PERIOD_S = 60;
const PERIOD_MS = 1000 * PERIOD_S;

/** A CloudWatch metric and the series that it belongs to. */
interface Metric {
  series: string;
  namespace: string;
  metric: string;
  dimensions: Record<string, string>;
  statistic: string;
  factor?: number;
}

/** How the values of several metrics of one series are combined for the same minute. */
const MERGE: Readonly<Record<string, (a: number, b: number) => number>> = {
  // The highest of all services.
  [TargetSeries.cpu]: Math.max,
  [TargetSeries.memory]: Math.max,
  [TargetSeries.errors5xx]: (a, b) => a + b,
};

/** The metrics of a target. A metric that the user configures replaces the built-in one of the same name. */
function metricsOf(target: TargetConfig): Metric[] {
  const services = target.services.flatMap(({ cluster, service }) => {
    const dimensions = { ClusterName: cluster, ServiceName: service };
    const ofService = { namespace: 'AWS/ECS', dimensions, statistic: 'Average' };
    return [
      { ...ofService, series: TargetSeries.cpu, metric: 'CPUUtilization' },
      { ...ofService, series: TargetSeries.memory, metric: 'MemoryUtilization' },
    ];
  });
  const configured = Object.entries(target.metrics).map(([series, metric]) => ({ ...metric, series }));
  const builtIn = [...services, ...loadBalancerMetrics(target), ...databaseMetrics(target)];
  return [...builtIn.filter(({ series }) => target.metrics[series] === undefined), ...configured];
}

/** The load balancer's own 5xx, for lack of a healthy target or its response, count as the target's errors. */
function loadBalancerMetrics(target: TargetConfig): Metric[] {
  if (!isApplicationLoadBalancer(target)) return [];
  const ofBalancer = { namespace: 'AWS/ApplicationELB', dimensions: { LoadBalancer: target.loadBalancer ?? '' } };
  return [
    { ...ofBalancer, series: TargetSeries.responseTime, metric: 'TargetResponseTime', statistic: 'p95', factor: 1000 },
    { ...ofBalancer, series: TargetSeries.errors5xx, metric: 'HTTPCode_Target_5XX_Count', statistic: 'Sum' },
    { ...ofBalancer, series: TargetSeries.errors5xx, metric: 'HTTPCode_ELB_5XX_Count', statistic: 'Sum' },
  ];
}

function databaseMetrics({ database }: TargetConfig): Metric[] {
  if (database === undefined) return [];
  const dimensions = { DBInstanceIdentifier: database };
  const metric = 'DatabaseConnections';
  return [{ series: TargetSeries.dbConnections, namespace: 'AWS/RDS', metric, dimensions, statistic: 'Maximum' }];
}

/**
 * The target's metrics in CloudWatch, one value a minute, for the whole minutes from `from` to `until`, Unix ms. Values
 * arrive late and may still change. One request for all of them, plus one for each further page.
 */
export async function readMetrics(
  client: CloudWatchClient,
  target: TargetConfig,
  from: number,
  until: number,
): Promise<TargetSample[]> {
  const StartTime = new Date(Math.floor(from / PERIOD_MS) * PERIOD_MS);
  const EndTime = new Date(Math.floor(until / PERIOD_MS) * PERIOD_MS);
  if (EndTime <= StartTime) return [];
  const metrics = metricsOf(target);
  const series = new Map<string, Map<number, number>>(metrics.map((metric) => [metric.series, new Map()]));
  const MetricDataQueries = metrics.map(queryOf);
  for await (const page of paginateGetMetricData({ client }, { StartTime, EndTime, MetricDataQueries })) {
    for (const { Id = '', Timestamps = [], Values = [] } of page.MetricDataResults ?? []) {
      const metric = metrics[Number(Id.slice(1))];
      const values = metric && series.get(metric.series);
      if (!values) continue;
      Timestamps.forEach((time, i) => {
        const value = (Values[i] ?? 0) * (metric.factor ?? 1);
        const known = values.get(time.getTime());
        values.set(time.getTime(), known === undefined ? value : (MERGE[metric.series] ?? last)(known, value));
      });
    }
  }
  if (target.metrics[TargetSeries.errors5xx] === undefined) fillMissingErrors(series);
  return [...series].flatMap(([name, values]) =>
    [...values].map(([at, value]) => ({ series: name, at, value })).sort((a, b) => a.at - b.at),
  );
}

const last = (_: number, value: number): number => value;

function queryOf({ namespace, metric, dimensions, statistic }: Metric, index: number): MetricDataQuery {
  const Dimensions = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
  const Metric = { Namespace: namespace, MetricName: metric, Dimensions };
  return { Id: `m${index}`, MetricStat: { Metric, Period: PERIOD_S, Stat: statistic } };
}

/**
 * A load balancer publishes error counts only if there are errors. For a minute with response times its other counts are
 * published too, so a missing error count means 0. A count that arrives later replaces it.
 */
function fillMissingErrors(series: ReadonlyMap<string, Map<number, number>>): void {
  const errors = series.get(TargetSeries.errors5xx);
  const answered = series.get(TargetSeries.responseTime);
  if (errors === undefined || answered === undefined) return;
  for (const at of answered.keys()) if (!errors.has(at)) errors.set(at, 0);
}
