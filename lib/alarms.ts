import { Aws } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as subscriptions from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { ALARM_SUFFIX, alarmName, CONDITION_METRIC, MetricName } from '../core/contract/cloudwatch.ts';
import { fleetMetric } from './metrics.ts';

export interface VerdictTopicProps {
  email: string | undefined;
}

/**
 * The topic for verdicts of runs and for alarms. It enforces TLS. It has no KMS key: alarms cannot publish to a topic
 * that is encrypted with aws/sns.
 */
export class VerdictTopic extends Construct {
  readonly topic: sns.Topic;

  constructor(scope: Construct, id: string, { email }: VerdictTopicProps) {
    super(scope, id);
    this.topic = new sns.Topic(this, 'Topic', { displayName: 'k6-fleet verdicts', enforceSSL: true });
    // An explicit topic policy replaces the default one, which lets the account's alarms publish.
    this.topic.addToResourcePolicy(
      new iam.PolicyStatement({
        sid: 'Alarms',
        principals: [new iam.ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
    );
    if (email !== undefined) this.topic.addSubscription(new subscriptions.EmailSubscription(email));
  }
}

export interface AlarmsProps {
  stackName: string;
  topic: sns.ITopic;
}

type AlarmKind = keyof typeof ALARM_SUFFIX;

/** The first sentence of an alarm's email. */
const DESCRIPTION: Record<AlarmKind, string> = {
  notScaledOut: 'The target did not scale out within the time that the run expects.',
  atMaximum: 'The target runs its maximum number of tasks and requests still fail.',
  errorsWhileScaling: 'While the target scaled, more requests failed than the run allows.',
  notRecovered: 'The latency did not recover within the time that the run expects.',
  generatorSaturated: 'The load generator was the bottleneck: the results do not describe the target.',
  tasksLost: 'Tasks of the load generator were lost.',
};

/**
 * One alarm for each condition that the coordinator publishes as 0 or 1, and one for lost tasks. The coordinator
 * evaluates the conditions (core/run/report); an alarm only compares the maximum of a minute with 1. Missing data is not
 * breaching, so an alarm is OK between runs.
 */
export class Alarms extends Construct {
  readonly alarms: cloudwatch.Alarm[];

  constructor(scope: Construct, id: string, { stackName, topic }: AlarmsProps) {
    super(scope, id);
    this.alarms = Object.keys(ALARM_SUFFIX).map((key) => {
      const kind = key as AlarmKind;
      const alarm = new cloudwatch.Alarm(this, kind, {
        alarmName: alarmName(stackName, kind),
        alarmDescription: `${DESCRIPTION[kind]} What to do: docs/runbook.md#${ALARM_SUFFIX[kind]}`,
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

const metricOf = (kind: AlarmKind): string => (kind === 'tasksLost' ? MetricName.tasksLost : CONDITION_METRIC[kind]);
