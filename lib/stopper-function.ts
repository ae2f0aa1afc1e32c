import { Duration } from 'aws-cdk-lib';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { KEY_PATTERNS } from '../core/contract/keys.ts';
import type { FleetInfo } from '../core/contract/stack.ts';
import { FleetFunction } from './fleet-function.ts';
import { permit, permitMetrics, permitTasksOf } from './permissions.ts';

export interface StopperFunctionProps {
  info: FleetInfo;
  bucket: s3.IBucket;
  cluster: ecs.ICluster;
  topic: sns.ITopic;
  machine: sfn.IStateMachine;
  logDays: number;
}

/** 5,000 tasks at StopTask's 40 calls a second take two minutes; reading what they measured takes as long again. */
const TIMEOUT = Duration.minutes(10);

/**
 * Ends a run whose execution failed, timed out or was aborted. Not every failure reaches a Catch in the state machine,
 * and StopExecution leaves the current leg running, but each of them emits an event. Step Functions emits events on a
 * best-effort basis. If one is lost, tasks exit when the lease in control.json expires, which nothing renews after the
 * last leg; then only the result is missing.
 * https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-states.html
 */
export class StopperFunction extends Construct {
  constructor(scope: Construct, id: string, props: StopperFunctionProps) {
    super(scope, id);
    const { info, bucket, cluster, topic, machine, logDays } = props;
    const { function: handler, role } = new FleetFunction(this, 'Lambda', {
      name: 'stopper',
      description: 'k6-fleet: ends a run whose execution failed, timed out or was aborted',
      info,
      timeout: TIMEOUT,
      memorySize: 512,
      logDays,
    });
    const at = (key: string) => bucket.arnForObjects(key);
    const reason = 'it may have to end any run of the stack, and a run is a key prefix';
    permit(role, { actions: ['s3:GetObject'], resources: [at(KEY_PATTERNS.run), at(KEY_PATTERNS.windows)], reason });
    permit(role, { actions: ['s3:PutObject'], resources: [at(KEY_PATTERNS.run)], reason });
    // Without it, GetObject answers 403 instead of 404 for a key that does not exist yet.
    permit(role, { actions: ['s3:ListBucket'], resources: [bucket.bucketArn] });
    permitTasksOf(role, cluster);
    permitMetrics(role);
    permit(role, { actions: ['sns:Publish'], resources: [topic.topicArn] });

    new events.Rule(this, 'Rule', {
      description: 'k6-fleet: the execution of a run failed, timed out or was aborted',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: { stateMachineArn: [machine.stateMachineArn], status: ['FAILED', 'TIMED_OUT', 'ABORTED'] },
      },
      targets: [new targets.LambdaFunction(handler)],
    });
  }
}
