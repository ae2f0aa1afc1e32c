import { fleetAdvice, memoryAdvice, scaleOutAdvice } from '../../core/aws/advice.ts';
import { type Estimate, estimate } from '../../core/aws/cost.ts';
import { type FargateSubnet, OBSERVE_STACK, type Plan } from '../../core/contract/plan.ts';
import type { StackInfo } from '../../core/contract/stack.ts';
import { withPlacement } from '../../core/plan/build.ts';
import { type AwsClients, awsClients } from './aws-clients.ts';
import { checkQuota } from './fargate-quota.ts';
import type { Findings } from './findings.ts';
import { checkNetwork } from './network.ts';
import { versionWarning } from './stack-info.ts';

export interface Preflight extends Findings {
  /** Where the tasks go. Empty only if there are problems. */
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
 * Checks whether the stack can run the plan now: the account's quota of Fargate vCPUs, the subnets' free addresses and
 * routes, a task's memory, what target tracking can detect. Changes nothing.
 *
 * Permissions: ec2:DescribeSubnets (needed); ec2:DescribeRouteTables, servicequotas:GetServiceQuota,
 * cloudwatch:GetMetricData, application-autoscaling:DescribeScalableTargets, ecs:DescribeServices and
 * ecs:DescribeTaskDefinition (a warning without).
 * @internal exported for its test
 */
export async function preflight({
  plan,
  info,
  clients = awsClients(info.region),
  now = Date.now(),
}: PreflightInput): Promise<Preflight> {
  const tasks = plan.tasks.length;
  const withTarget = plan.target?.observe === OBSERVE_STACK;
  const [network, quota] = await Promise.all([
    clients.ec2().then((ec2) => checkNetwork(ec2, info.subnets, tasks)),
    checkQuota(clients, info, { tasks, withTarget, now }),
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

export interface Assessment {
  /** With the places of its tasks, and the warnings of the checks. */
  plan: Plan;
  cost: Estimate;
  /** Why the stack cannot run it, one line each. */
  problems: string[];
}

/** The plan as this stack would run it now, and what that costs. */
export async function assess(plan: Plan, info: StackInfo): Promise<Assessment> {
  const { problems, warnings, subnets } = await preflight({ plan, info });
  const placed = withPlacement(plan, subnets, warnings);
  return { plan: placed, cost: estimate(placed, info), problems };
}
