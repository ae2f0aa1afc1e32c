import { ArnFormat, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { ACTIVE_RUNS_KEY, KEY_PATTERNS } from '../core/contract/keys.ts';
import type { TargetConfig } from '../core/contract/stack.ts';
import { permit, serviceArns } from './permissions.ts';

export interface OperatorsPolicyProps {
  bucket: s3.IBucket;
  machine: sfn.StateMachine;
  target: TargetConfig | null;
}

/** What starts and stops a run. Only the coordinator and the tasks may write anything else. */
const OPERATOR_KEYS = [
  KEY_PATTERNS.plan,
  KEY_PATTERNS.archive,
  KEY_PATTERNS.summaryArchive,
  KEY_PATTERNS.stop,
  KEY_PATTERNS.environment,
  ACTIVE_RUNS_KEY,
];

/**
 * Permissions to start, watch and stop runs, and nothing else. They exclude iam:PassRole: the coordinator starts the
 * tasks, with the roles and in the network that the stack defines.
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
      reason: "CloudFormation generates the last part of a stack's ARN",
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
      reason: 'an execution is named after its run',
    });
    this.permitRuns(bucket);
    this.permitPreflight(target);
  }

  private permitRuns(bucket: s3.IBucket): void {
    const reason = 'a run is a key prefix, and operators share the runs of a stack';
    permit(this.policy, { actions: ['s3:ListBucket'], resources: [bucket.bucketArn] });
    permit(this.policy, {
      actions: ['s3:GetObject'],
      resources: [KEY_PATTERNS.run, ACTIVE_RUNS_KEY].map((key) => bucket.arnForObjects(key)),
      reason,
    });
    permit(this.policy, {
      actions: ['s3:PutObject'],
      resources: OPERATOR_KEYS.map((key) => bucket.arnForObjects(key)),
      reason,
    });
  }

  /** What the CLI checks before a run: the vCPU quota and its use, the subnets' addresses and routes, the target's growth. */
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
      reason: 'none of these has resource-level permissions, and all of them only read',
    });
    if (target !== null && target.observerRoleArn === undefined) {
      permit(this.policy, { actions: ['ecs:DescribeServices'], resources: serviceArns(target) });
    }
  }
}
