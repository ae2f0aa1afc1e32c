import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { METRIC_NAMESPACE, STACK_DIMENSION } from '../core/contract/cloudwatch.ts';

/** CloudWatch's own for metrics of services, so that all that is shown together has the same points. */
export const PERIOD = Duration.minutes(1);

/** One of the metrics that the coordinator publishes for a stack. */
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
