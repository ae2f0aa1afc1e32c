import { Aws } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type { TargetConfig } from '../core/contract/stack.ts';
import { permit } from './permission.ts';

/** Lets a role read how the target scales. Where it lives in another account, the role there has the permissions. */
export function permitReadingTarget(to: iam.Role | iam.ManagedPolicy, target: TargetConfig): void {
  if (target.observerRoleArn !== undefined) {
    permit(to, { actions: ['sts:AssumeRole'], resources: [target.observerRoleArn] });
    return;
  }
  permit(to, { actions: ['ecs:DescribeServices'], resources: serviceArns(target) });
  permit(to, {
    actions: ['application-autoscaling:DescribeScalableTargets', 'application-autoscaling:DescribeScalingActivities'],
    resources: ['*'],
    reason: 'Application Auto Scaling has no resource level for reading',
  });
  permit(to, {
    actions: ['cloudwatch:GetMetricData'],
    resources: ['*'],
    reason: 'GetMetricData has no resource level',
  });
  if (target.targetGroup !== undefined) {
    permit(to, {
      actions: ['elasticloadbalancing:DescribeTargetHealth'],
      resources: ['*'],
      reason: 'DescribeTargetHealth has no resource level',
    });
  }
}

/** Of the target's services, which may be configured by name or by ARN. */
export function serviceArns({ services, region = Aws.REGION }: TargetConfig): string[] {
  const nameOf = (nameOrArn: string) => nameOrArn.split('/').pop();
  return services.map(
    ({ cluster, service }) =>
      `arn:${Aws.PARTITION}:ecs:${region}:${Aws.ACCOUNT_ID}:service/${nameOf(cluster)}/${nameOf(service)}`,
  );
}
