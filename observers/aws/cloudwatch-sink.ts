import {
  type CloudWatchClient,
  type MetricDatum,
  PutMetricDataCommand,
  type StandardUnit,
} from '@aws-sdk/client-cloudwatch';
import { CONDITION_METRIC, METRIC_NAMESPACE, MetricName, STACK_DIMENSION } from '../../core/contract/cloudwatch.ts';
import { CONDITIONS, type IntervalMetrics } from '../../core/contract/interval-metrics.ts';
import type { MetricsSink } from '../../core/ports.ts';

/**
 * Publishes a run's interval metrics as a stack's metrics in CloudWatch: one request per interval with at most 14 metrics,
 * whatever the number of tasks. A request may have 1,000 metrics and 1 MB, a datum 150 distinct values.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
 */
export class CloudWatchSink implements MetricsSink {
  constructor(
    private readonly client: CloudWatchClient,
    private readonly stack: string,
  ) {}

  async publish(interval: IntervalMetrics): Promise<void> {
    await this.client.send(
      new PutMetricDataCommand({ Namespace: METRIC_NAMESPACE, MetricData: metricData(interval, this.stack) }),
    );
  }
}

/** Unknown values are left out: the alarms treat missing data as not breaching. @internal exported for its test */
export function metricData(interval: IntervalMetrics, stack: string): MetricDatum[] {
  const { target, latency, conditions } = interval;
  const common = { Dimensions: [{ Name: STACK_DIMENSION, Value: stack }], Timestamp: new Date(interval.at) };
  const datum = (MetricName: string, Value: number | null, Unit: StandardUnit): MetricDatum[] =>
    Value === null ? [] : [{ ...common, MetricName, Value, Unit }];
  return [
    ...datum(MetricName.vus, interval.vus, 'Count'),
    ...datum(MetricName.requests, interval.requests, 'Count'),
    ...datum(MetricName.failures, interval.failures, 'Count'),
    ...(latency.values.length === 0
      ? []
      : [
          {
            ...common,
            MetricName: MetricName.latency,
            Values: latency.values,
            Counts: latency.counts,
            Unit: 'Milliseconds' as const,
          },
        ]),
    ...datum(MetricName.desired, target?.desired ?? null, 'Count'),
    ...datum(MetricName.running, target?.running ?? null, 'Count'),
    ...datum(MetricName.pending, target?.pending ?? null, 'Count'),
    ...datum(MetricName.scalingLag, interval.scalingLagSeconds, 'Seconds'),
    ...datum(MetricName.tasksLost, interval.tasksLost, 'Count'),
    ...CONDITIONS.flatMap((condition) => datum(CONDITION_METRIC[condition], Number(conditions[condition]), 'None')),
  ];
}
