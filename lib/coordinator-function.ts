import { Duration } from 'aws-cdk-lib';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { KEY_PATTERNS } from '../core/contract/keys.ts';
import { COORDINATOR_MEMORY_MIB, type FleetInfo } from '../core/contract/stack.ts';
import { FleetFunction } from './fleet-function.ts';
import type { FleetTask } from './fleet-task.ts';
import { permit, permitMetrics, permitReadingTarget, permitTasksOf } from './permissions.ts';

export interface CoordinatorFunctionProps {
  info: FleetInfo;
  bucket: s3.IBucket;
  cluster: ecs.ICluster;
  task: FleetTask;
  topic: sns.ITopic;
  logDays: number;
}

/** Lambda's maximum. A leg returns before that: see `legSeconds`. */
const COORDINATOR_TIMEOUT = Duration.seconds(900);

/** The Lambda that coordinates runs, one leg per invocation. */
export class CoordinatorFunction extends Construct {
  readonly function: lambda.Function;
  readonly role: iam.IRole;

  constructor(scope: Construct, id: string, props: CoordinatorFunctionProps) {
    super(scope, id);
    const { info, bucket, cluster, task, topic, logDays } = props;
    const { function: handler, role } = new FleetFunction(this, 'Lambda', {
      name: 'coordinator',
      description: 'k6-fleet: coordinates one run for one leg, from one checkpoint to the next',
      info,
      timeout: COORDINATOR_TIMEOUT,
      memorySize: COORDINATOR_MEMORY_MIB,
      logDays,
    });
    this.function = handler;
    this.role = role;

    const runs = bucket.arnForObjects(KEY_PATTERNS.run);
    permit(role, {
      actions: ['s3:GetObject'],
      resources: [runs, bucket.arnForObjects(KEY_PATTERNS.windows)],
      reason: 'it coordinates every run of the stack, and a run is a key prefix',
    });
    permit(role, {
      actions: ['s3:PutObject'],
      resources: [runs],
      reason: 'it coordinates every run of the stack, and a run is a key prefix',
    });
    // Without it, GetObject answers 403 instead of 404 for a key that does not exist yet.
    permit(role, { actions: ['s3:ListBucket'], resources: [bucket.bucketArn] });

    permit(role, {
      actions: ['ecs:RunTask'],
      resources: [task.anyRevision],
      conditions: { ArnEquals: { 'ecs:cluster': cluster.clusterArn } },
      reason: 'a run that is active while the stack is deployed keeps its own revision',
    });
    task.permitPassingRoles(role);
    permitTasksOf(role, cluster);

    permit(role, { actions: ['sns:Publish'], resources: [topic.topicArn] });
    permitMetrics(role);
    permit(role, {
      actions: ['cloudwatch:DescribeAlarms', 'cloudwatch:DescribeAlarmHistory'],
      resources: ['*'],
      reason:
        'with a narrower scope composite alarms are not returned, and a stop alarm may be one: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarmHistory.html',
    });
    if (info.target !== null) permitReadingTarget(role, info.target);
  }
}
