import { ArnFormat, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { TargetConfig } from '../core/contract/stack.ts';
import { permit } from './permission.ts';
import { serviceArns } from './target-access.ts';

export interface OperatorsPolicyProps {
  bucket: s3.IBucket;
  machine: sfn.StateMachine;
  target: TargetConfig | null;
}

/** What a run is begun and ended with. All else in the bucket is the coordinator's and the tasks' to write. */
const OPERATORS_KEYS = [
  'runs/*/plan.json',
  'runs/*/archive.tar',
  'runs/*/summary.tar',
  'runs/*/stop.json',
  'scratch/*/environment.json',
  'active.json',
];

/**
 * Lets a group start, watch and stop runs, and nothing else. It cannot pass a role: tasks are started by the
 * coordinator, whose stack decides with which roles and in which network.
 */
export class OperatorsPolicy extends Construct {
  readonly policy: iam.ManagedPolicy;

  constructor(scope: Construct, id: string, { bucket, machine, target }: OperatorsPolicyProps) {
    super(scope, id);
    const stack = Stack.of(this);
    this.policy = new iam.ManagedPolicy(this, 'Policy', {
      description: `Start, watch and stop load tests of the k6-fleet stack ${stack.stackName}`,
    });
    permit(this.policy, {
      actions: ['cloudformation:DescribeStacks'],
      resources: [
        stack.formatArn({ service: 'cloudformation', resource: 'stack', resourceName: `${stack.stackName}/*` }),
      ],
      reason: "CloudFormation makes up the last part of a stack's ARN",
    });
    permit(this.policy, { actions: ['states:StartExecution'], resources: [machine.stateMachineArn] });
    permit(this.policy, {
      actions: ['states:DescribeExecution', 'states:StopExecution'],
      resources: [
        stack.formatArn({
          service: 'states',
          resource: 'execution',
          resourceName: `${machine.stateMachineName}:*`,
          arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        }),
      ],
      reason: 'an execution has the name of its run',
    });
    this.permitRuns(bucket);
    this.permitPreflight(target);
  }

  private permitRuns(bucket: s3.IBucket): void {
    const reason = 'a run is a prefix, and operators share the runs of a stack';
    permit(this.policy, { actions: ['s3:ListBucket'], resources: [bucket.bucketArn] });
    permit(this.policy, {
      actions: ['s3:GetObject'],
      resources: ['runs/*', 'active.json'].map((key) => bucket.arnForObjects(key)),
      reason,
    });
    permit(this.policy, {
      actions: ['s3:PutObject'],
      resources: OPERATORS_KEYS.map((key) => bucket.arnForObjects(key)),
      reason,
    });
  }

  /** What the CLI checks before a run: quota and use of vCPUs, addresses and routes of subnets, the target's reach. */
  private permitPreflight(target: TargetConfig | null): void {
    permit(this.policy, {
      actions: [
        'servicequotas:GetServiceQuota',
        'ec2:DescribeSubnets',
        'ec2:DescribeRouteTables',
        'cloudwatch:GetMetricData',
        'application-autoscaling:DescribeScalableTargets',
        'ecs:DescribeTaskDefinition',
      ],
      resources: ['*'],
      reason: 'none of these has a resource level, and all of them only read',
    });
    if (target !== null && target.observerRoleArn === undefined) {
      permit(this.policy, { actions: ['ecs:DescribeServices'], resources: serviceArns(target) });
    }
  }
}
