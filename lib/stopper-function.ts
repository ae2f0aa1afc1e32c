import { Duration } from 'aws-cdk-lib';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { FleetInfo } from '../core/contract/stack.ts';
import { FleetFunction } from './fleet-function.ts';
import { permitMetrics } from './metrics-access.ts';
import { permit } from './permission.ts';
import { permitTasksOf } from './task-access.ts';

export interface StopperFunctionProps {
  info: FleetInfo;
  bucket: s3.IBucket;
  cluster: ecs.ICluster;
  topic: sns.ITopic;
  machine: sfn.IStateMachine;
  logDays: number;
}

/** StopTask takes 40 calls a second and more at once: 5,000 tasks are two minutes, and as much again for the reading. */
const TIMEOUT = Duration.minutes(10);

/**
 * Ends what a machine that ended badly has left behind. Not every failure reaches a Catch in the machine, and
 * StopExecution leaves a leg running; the event of the execution's end tells of all of these. Step Functions sends it on
 * a best-effort basis, mostly at least once. Where it does not come, tasks leave by themselves once the lease in
 * control.json has run out: nobody renews it after the last leg. Only the result is then missing.
 * https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-states.html
 */
export class StopperFunction extends Construct {
  constructor(scope: Construct, id: string, props: StopperFunctionProps) {
    super(scope, id);
    const { info, bucket, cluster, topic, machine, logDays } = props;
    const { function: handler, role } = new FleetFunction(this, 'Lambda', {
      name: 'stopper',
      description: 'k6-fleet: takes over and ends a run whose state machine ended badly',
      info,
      timeout: TIMEOUT,
      memorySize: 512,
      logDays,
    });
    const at = (key: string) => bucket.arnForObjects(key);
    const reason = 'it may have to end any run of the stack, and a run is a prefix';
    permit(role, { actions: ['s3:GetObject'], resources: [at('runs/*'), at('scratch/*/tasks/*')], reason });
    permit(role, { actions: ['s3:PutObject'], resources: [at('runs/*')], reason });
    // Without it a key that is not there yet answers 403 in place of 404.
    permit(role, { actions: ['s3:ListBucket'], resources: [bucket.bucketArn] });
    permitTasksOf(role, cluster);
    permitMetrics(role);
    permit(role, { actions: ['sns:Publish'], resources: [topic.topicArn] });

    new events.Rule(this, 'Rule', {
      description: "k6-fleet: a run's state machine ended badly",
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: { stateMachineArn: [machine.stateMachineArn], status: ['FAILED', 'TIMED_OUT', 'ABORTED'] },
      },
      targets: [new targets.LambdaFunction(handler)],
    });
  }
}
