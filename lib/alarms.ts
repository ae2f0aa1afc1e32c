import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { ALARM_SUFFIX, alarmName, CONDITION_METRIC, MetricName } from '../core/contract/cloudwatch.ts';
import { fleetMetric } from './metrics.ts';

export interface AlarmsProps {
  stackName: string;
  topic: sns.ITopic;
}

type Kind = keyof typeof ALARM_SUFFIX;

/** What an alarm means, for whoever gets its mail. */
const MEANING: Record<Kind, string> = {
  notScaledOut: 'The target had not scaled out within the time that the run expects.',
  atMaximum: 'The target has scaled to its maximum and requests still fail.',
  errorsWhileScaling: 'More requests failed while the target scaled than the run allows.',
  notRecovered: 'The latency had not recovered within the time that the run expects.',
  generatorSaturated: "The load generator itself was the bottleneck: the numbers are not the target's.",
  tasksLost: 'Tasks of the load generator were lost.',
};

/**
 * One alarm for each condition that the coordinator publishes as 0 or 1, and one for lost tasks. The judging is the
 * coordinator's: an alarm only compares the highest value of a minute with 1. Missing data is not breaching, so an alarm
 * is OK between runs.
 */
export class Alarms extends Construct {
  readonly alarms: cloudwatch.Alarm[];

  constructor(scope: Construct, id: string, { stackName, topic }: AlarmsProps) {
    super(scope, id);
    this.alarms = Object.keys(ALARM_SUFFIX).map((key) => {
      const kind = key as Kind;
      const alarm = new cloudwatch.Alarm(this, kind, {
        alarmName: alarmName(stackName, kind),
        alarmDescription: `${MEANING[kind]} What to do: docs/runbook.md#${ALARM_SUFFIX[kind]}`,
        metric: fleetMetric(stackName, metricOf(kind)),
        threshold: 1,
        comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        evaluationPeriods: 1,
        datapointsToAlarm: 1,
        treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
      });
      alarm.addAlarmAction(new SnsAction(topic));
      return alarm;
    });
  }
}

const metricOf = (kind: Kind): string => (kind === 'tasksLost' ? MetricName.tasksLost : CONDITION_METRIC[kind]);
