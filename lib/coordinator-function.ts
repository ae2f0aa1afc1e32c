import { Duration } from 'aws-cdk-lib';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { FleetInfo } from '../core/contract/stack.ts';
import { FleetFunction } from './fleet-function.ts';
import type { FleetTask } from './fleet-task.ts';
import { permitMetrics } from './metrics-access.ts';
import { permit } from './permission.ts';
import { permitReadingTarget } from './target-access.ts';
import { permitTasksOf } from './task-access.ts';

export interface CoordinatorFunctionProps {
  info: FleetInfo;
  bucket: s3.IBucket;
  cluster: ecs.ICluster;
  task: FleetTask;
  topic: sns.ITopic;
  logDays: number;
}

/** Lambda's maximum. A leg returns by itself before: see `legSeconds`. */
export const COORDINATOR_TIMEOUT = Duration.seconds(900);

/**
 * One whole vCPU: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html. A thousand tasks ship 200
 * windows a second, which take half of it (docs/benchmarks.md, How far one leg reaches).
 */
const MEMORY_MIB = 1769;

/** The Lambda that conducts runs, one leg an invocation. */
export class CoordinatorFunction extends Construct {
  readonly function: lambda.Function;
  readonly role: iam.IRole;

  constructor(scope: Construct, id: string, props: CoordinatorFunctionProps) {
    super(scope, id);
    const { info, bucket, cluster, task, topic, logDays } = props;
    const { function: handler, role } = new FleetFunction(this, 'Lambda', {
      name: 'coordinator',
      description: 'k6-fleet: conducts one run for one leg, from its checkpoint to the next',
      info,
      timeout: COORDINATOR_TIMEOUT,
      memorySize: MEMORY_MIB,
      logDays,
    });
    this.function = handler;
    this.role = role;

    const runs = bucket.arnForObjects('runs/*');
    permit(role, {
      actions: ['s3:GetObject'],
      resources: [runs, bucket.arnForObjects('scratch/*/tasks/*')],
      reason: 'it conducts every run of the stack, and a run is a prefix',
    });
    permit(role, {
      actions: ['s3:PutObject'],
      resources: [runs],
      reason: 'it conducts every run of the stack, and a run is a prefix',
    });
    // Without it a key that is not there yet answers 403 in place of 404.
    permit(role, { actions: ['s3:ListBucket'], resources: [bucket.bucketArn] });

    permit(role, {
      actions: ['ecs:RunTask'],
      resources: [task.anyRevision],
      conditions: { ArnEquals: { 'ecs:cluster': cluster.clusterArn } },
      reason: 'a run that is under way when the stack is deployed goes on with its own revision',
    });
    task.permitPassingRoles(role);
    permitTasksOf(role, cluster);

    permit(role, { actions: ['sns:Publish'], resources: [topic.topicArn] });
    permitMetrics(role);
    permit(role, {
      actions: ['cloudwatch:DescribeAlarms', 'cloudwatch:DescribeAlarmHistory'],
      resources: ['*'],
      reason:
        'a narrower scope is denied composite alarms, which a stop alarm may be: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarmHistory.html',
    });
    if (info.target !== null) permitReadingTarget(role, info.target);
  }
}
