import { fleetAdvice, memoryAdvice, scaleOutAdvice } from '../../core/aws/advice.ts';
import { type FargateSubnet, OBSERVE_STACK, type Plan } from '../../core/contract/plan.ts';
import type { StackInfo } from '../../core/contract/stack.ts';
import { type AwsClients, awsClients } from './aws-clients.ts';
import { versionWarning } from './stack-info.ts';

/** One line each. */
export interface Findings {
  /** Why the run cannot be had. */
  problems: string[];
  /** What may spoil it, or could not be checked. */
  warnings: string[];
}

export interface Preflight extends Findings {
  /** Where the tasks go: for `plan.fargate`. Empty only where there are problems. */
  subnets: FargateSubnet[];
}

export interface PreflightInput {
  plan: Plan;
  info: StackInfo;
  clients?: AwsClients;
  /** Unix ms. */
  now?: number;
}

/**
 * What speaks against a run on this stack now: the account's quota of Fargate vCPUs, the subnets' free addresses and
 * routes, a task's memory, what target tracking can see. Changes nothing.
 *
 * Permissions: ec2:DescribeSubnets (needed); ec2:DescribeRouteTables, servicequotas:GetServiceQuota,
 * cloudwatch:GetMetricData, application-autoscaling:DescribeScalableTargets, ecs:DescribeServices and
 * ecs:DescribeTaskDefinition (a warning without).
 */
export async function preflight({
  plan,
  info,
  clients = awsClients(info.region),
  now = Date.now(),
}: PreflightInput): Promise<Preflight> {
  // Loaded only here: a run on this machine needs no SDK.
  const [{ checkNetwork }, { checkQuota }] = await Promise.all([import('./network.ts'), import('./fargate-quota.ts')]);
  const tasks = plan.tasks.length;
  const withTarget = plan.target?.observe === OBSERVE_STACK;
  const [network, quota] = await Promise.all([
    clients.ec2().then((ec2) => checkNetwork(ec2, info.subnets, tasks)),
    checkQuota(clients, info, tasks, withTarget, now),
  ]);
  const version = versionWarning(info);
  return {
    problems: [...quota.problems, ...network.problems],
    warnings: [
      ...(version === null ? [] : [version]),
      ...quota.warnings,
      ...network.warnings,
      ...fleetAdvice(plan),
      ...memoryAdvice(plan, info),
      ...scaleOutAdvice(plan),
    ],
    subnets: network.subnets,
  };
}
