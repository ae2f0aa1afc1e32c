/** IAM permissions that several roles share, each wildcard with the reason that acknowledges it to cdk-nag. */
import { Aws, type CfnResource, Stack, Validations } from 'aws-cdk-lib';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import { METRIC_NAMESPACE } from '../core/contract/cloudwatch.ts';
import type { TargetConfig } from '../core/contract/stack.ts';

export interface Permission {
  actions: string[];
  /** ARNs. `*` alone only for actions without resource-level permissions. */
  resources: string[];
  conditions?: Record<string, Record<string, string | string[]>>;
  /** Why a resource has a wildcard; required if one has. */
  reason?: string;
}

/**
 * Adds a permission to a role or policy.
 * @throws Error if a resource has a wildcard and there is no reason for it
 */
export function permit(grantee: iam.Role | iam.ManagedPolicy, permission: Permission): void {
  const { actions, resources, conditions, reason } = permission;
  const statement = new iam.PolicyStatement({ actions, resources, conditions });
  if (grantee instanceof iam.Role) grantee.addToPolicy(statement);
  else grantee.addStatements(statement);
  for (const resource of resources.map((arn) => readable(Stack.of(grantee).resolve(arn)))) {
    if (!resource.includes('*')) continue;
    if (reason === undefined) throw new Error(`${grantee.node.path} has a permission on ${resource} without a reason`);
    acknowledgeWildcard(grantee, resource, reason);
  }
}

/** Acknowledges to cdk-nag a wildcard, also one in a statement that CDK itself adds. */
export function acknowledgeWildcard(grantee: iam.IRole | iam.ManagedPolicy, resource: string, reason: string): void {
  Validations.of(grantee).acknowledge({ id: `AwsSolutions-IAM5[Resource::${resource}]`, reason });
}

/** An attribute of a resource as cdk-nag spells it in a finding. */
export const attribute = (resource: CfnResource, name: string): string =>
  `<${Stack.of(resource).resolve(resource.logicalId)}.${name}>`;

/** A resolved ARN as cdk-nag spells it in a finding: `<Bucket.Arn>/runs/*`. */
function readable(value: unknown): string {
  if (typeof value === 'string') return value;
  const { Ref, ...functions } = value as Record<string, unknown>;
  if (Ref !== undefined) return `<${Ref}>`;
  const join = functions['Fn::Join'] as [string, unknown[]] | undefined;
  if (join) return join[1].map(readable).join(join[0]);
  const getAtt = functions['Fn::GetAtt'] as [string, string] | undefined;
  if (getAtt) return `<${getAtt.join('.')}>`;
  return JSON.stringify(value);
}

/** Lets a role publish the fleet's metrics. */
export function permitMetrics(role: iam.Role): void {
  permit(role, {
    actions: ['cloudwatch:PutMetricData'],
    resources: ['*'],
    conditions: { StringEquals: { 'cloudwatch:namespace': METRIC_NAMESPACE } },
    reason: 'PutMetricData has no resource-level permissions; the condition confines it to one namespace',
  });
}

/** Lets a role describe, list and stop the tasks of one cluster. */
export function permitTasksOf(role: iam.Role, cluster: ecs.ICluster): void {
  const inCluster = { ArnEquals: { 'ecs:cluster': cluster.clusterArn } };
  permit(role, {
    actions: ['ecs:DescribeTasks', 'ecs:StopTask'],
    resources: [
      Stack.of(cluster).formatArn({ service: 'ecs', resource: 'task', resourceName: `${cluster.clusterName}/*` }),
    ],
    conditions: inCluster,
    reason: 'ECS generates task ids; the cluster runs only tasks of the fleet',
  });
  permit(role, {
    actions: ['ecs:ListTasks'],
    resources: ['*'],
    conditions: inCluster,
    reason: 'on Fargate, ListTasks has no resource-level permissions; the condition confines it to the cluster',
  });
}

/** Lets a role read how the target scales. For a target in another account, the role there has these permissions. */
export function permitReadingTarget(role: iam.Role, target: TargetConfig): void {
  if (target.observerRoleArn !== undefined) {
    permit(role, { actions: ['sts:AssumeRole'], resources: [target.observerRoleArn] });
    return;
  }
  permit(role, { actions: ['ecs:DescribeServices'], resources: serviceArns(target) });
  permit(role, {
    actions: ['application-autoscaling:DescribeScalableTargets', 'application-autoscaling:DescribeScalingActivities'],
    resources: ['*'],
    reason: 'the Describe actions of Application Auto Scaling have no resource-level permissions',
  });
  permit(role, {
    actions: ['cloudwatch:GetMetricData'],
    resources: ['*'],
    reason: 'GetMetricData has no resource-level permissions',
  });
  if (target.targetGroup !== undefined) {
    permit(role, {
      actions: ['elasticloadbalancing:DescribeTargetHealth'],
      resources: ['*'],
      reason: 'DescribeTargetHealth has no resource-level permissions',
    });
  }
}

/** ARNs of the target's services, which the configuration names by cluster and service. */
export const serviceArns = ({ services, region = Aws.REGION }: TargetConfig): string[] =>
  services.map(
    ({ cluster, service }) => `arn:${Aws.PARTITION}:ecs:${region}:${Aws.ACCOUNT_ID}:service/${cluster}/${service}`,
  );
