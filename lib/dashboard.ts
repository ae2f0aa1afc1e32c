import { Aws, Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { MetricName } from '../core/contract/cloudwatch.ts';
import type { TargetConfig } from '../core/contract/stack.ts';
import { fleetMetric, PERIOD, targetMetrics } from './metrics.ts';

export interface DashboardProps {
  stackName: string;
  target: TargetConfig | null;
  alarms: cloudwatch.IAlarm[];
}

/** Rows of load, scaling, latency and health, all of full width and one period, so that their time axes line up. */
export class Dashboard extends Construct {
  readonly name: string;
  readonly url: string;

  constructor(scope: Construct, id: string, { stackName, target, alarms }: DashboardProps) {
    super(scope, id);
    // Dashboards are global in an account: stacks of the same name in two regions must not share one.
    this.name = `${stackName}-${Aws.REGION}`;
    this.url = `https://${Aws.REGION}.console.aws.amazon.com/cloudwatch/home?region=${Aws.REGION}#dashboards/dashboard/${this.name}`;
    const metric = (name: string, label: string, props: Partial<cloudwatch.MetricProps> = {}) =>
      fleetMetric(stackName, name, { label, ...props });
    /** The sum of a period as a rate per second. */
    const rate = (name: string, label: string) =>
      new cloudwatch.MathExpression({
        expression: `${name.toLowerCase()} / PERIOD(${name.toLowerCase()})`,
        usingMetrics: { [name.toLowerCase()]: metric(name, label, { statistic: cloudwatch.Stats.SUM }) },
        label,
        period: PERIOD,
      });
    const own = targetMetrics(target);
    const latency = (p: string) => metric(MetricName.latency, p, { statistic: p });

    new cloudwatch.Dashboard(this, 'Dashboard', {
      dashboardName: this.name,
      defaultInterval: Duration.hours(1),
      widgets: [
        row('Load', {
          left: [metric(MetricName.vus, 'VUs')],
          right: [rate(MetricName.requests, 'requests/s'), rate(MetricName.failures, 'failed requests/s')],
        }),
        row('Scaling of the target', {
          left: [
            metric(MetricName.desired, 'desired'),
            metric(MetricName.running, 'running'),
            metric(MetricName.pending, 'pending'),
          ],
          right: [metric(MetricName.scalingLag, 'scaling lag, s')],
        }),
        row('Latency, ms', { left: ['p50', 'p95', 'p99'].map(latency), right: own.latency }),
        row('Health', {
          left: [...own.utilization, ...own.connections],
          right: [...own.errors, metric(MetricName.tasksLost, 'lost k6 tasks')],
        }),
        ...(own.custom.length > 0 ? [row('Custom metrics of the target', { left: own.custom })] : []),
        [new cloudwatch.AlarmStatusWidget({ title: 'Alarms', alarms, width: FULL_WIDTH, height: 3 })],
      ],
    });
  }
}

/** Columns of a CloudWatch dashboard. */
const FULL_WIDTH = 24;

function row(
  title: string,
  { left, right = [] }: { left: cloudwatch.IMetric[]; right?: cloudwatch.IMetric[] },
): cloudwatch.IWidget[] {
  const fromZero = { min: 0 };
  return [
    new cloudwatch.GraphWidget({
      title,
      left,
      right,
      leftYAxis: fromZero,
      rightYAxis: fromZero,
      width: FULL_WIDTH,
      height: 6,
      period: PERIOD,
    }),
  ];
}
