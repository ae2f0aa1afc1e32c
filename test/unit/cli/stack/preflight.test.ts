import { describe, expect, it } from 'vitest';
import { packageVersion } from '../../../../cli/package-root.ts';
import type { AwsClients } from '../../../../cli/stack/aws-clients.ts';
import { preflight } from '../../../../cli/stack/preflight.ts';
import type { StackInfo } from '../../../../core/contract/stack.ts';
import { type AwsPlanShape, awsPlan, stackInfo } from '../../../support/aws-samples.ts';

// biome-ignore lint/suspicious/noExplicitAny: responses of any service
type Responses = Record<string, any>;

const route = (more: object) => ({ DestinationCidrBlock: '0.0.0.0/0', State: 'active', ...more });
const subnet = (SubnetId: string, AvailabilityZone: string, AvailableIpAddressCount = 4000) => ({
  SubnetId,
  AvailabilityZone,
  AvailableIpAddressCount,
  VpcId: 'vpc-1',
  MapPublicIpOnLaunch: true,
});
const mainTable = (Routes: object[]) => ({ VpcId: 'vpc-1', Associations: [{ Main: true }], Routes });

/** An account without problems. */
const RESPONSES: Responses = {
  DescribeSubnets: { Subnets: [subnet('subnet-b', 'us-east-1b'), subnet('subnet-a', 'us-east-1a')] },
  DescribeRouteTables: { RouteTables: [mainTable([route({ GatewayId: 'igw-1' })])] },
  GetServiceQuota: { Quota: { Value: 100 } },
  GetMetricData: { MetricDataResults: [{ Values: [30, 20] }] },
  DescribeScalableTargets: { ScalableTargets: [{ MaxCapacity: 24 }] },
  DescribeServices: {
    services: [{ runningCount: 3, pendingCount: 1, taskDefinition: 'shop:1', launchType: 'FARGATE' }],
  },
  DescribeTaskDefinition: { taskDefinition: { cpu: '2048' } },
};

const TARGET = { services: [{ cluster: 'shop', service: 'api' }], metrics: {}, stopAlarms: [] };
const denied = Object.assign(new Error('not authorized'), { name: 'AccessDeniedException' });

async function check(responses: Responses = {}, plan: AwsPlanShape = {}, info: Partial<StackInfo> = {}) {
  const calls: { name: string; input: Responses }[] = [];
  const client = async () => ({
    send: async ({ constructor: { name: command }, input }: { constructor: { name: string }; input: Responses }) => {
      const name = command.replace(/Command$/, '');
      calls.push({ name, input });
      const response = { ...RESPONSES, ...responses }[name];
      if (response instanceof Error) throw response;
      return response;
    },
  });
  const names = ['cloudFormation', 'ec2', 'ecs', 'cloudWatch', 'serviceQuotas', 'scaling'];
  const clients = Object.fromEntries(names.map((name) => [name, client])) as unknown as AwsClients;
  const stack = stackInfo({ version: packageVersion, ...info });
  return { ...(await preflight({ plan: awsPlan(plan), info: stack, clients, now: 0 })), calls };
}

it('finds nothing in an account without problems', async () => {
  const { problems, warnings, subnets } = await check();
  expect({ problems, warnings }).toEqual({ problems: [], warnings: [] });
  expect(subnets).toEqual([
    { id: 'subnet-a', zone: 'us-east-1a', publicIp: true },
    { id: 'subnet-b', zone: 'us-east-1b', publicIp: true },
  ]);
});

describe('the quota', () => {
  const withTarget = { tasks: 40, target: { observe: 'stack' } };

  it('leaves room for what is in use', async () => {
    expect((await check({}, { tasks: 70 })).problems).toEqual([]);
    expect((await check({}, { tasks: 71 })).problems).toEqual([expect.stringContaining('--tasks 70 or fewer')]);
  });

  it('leaves room for what the target may grow to', async () => {
    // 24 tasks at most, 4 now: 20 × 2 vCPUs; 100 - 30 - 40 = 30
    const { problems } = await check({}, withTarget, { target: TARGET });
    expect(problems).toEqual([expect.stringMatching(/only 30 of .* are available \(30 in use, 40 reserved/)]);
  });

  it.each<[string, Responses, Partial<StackInfo>]>([
    ['in another region', {}, { target: { ...TARGET, region: 'eu-west-1' } }],
    ['in another account', {}, { target: { ...TARGET, observerRoleArn: 'arn:aws:iam::999999999999:role/see' } }],
    ['that does not scale', { DescribeScalableTargets: { ScalableTargets: [] } }, { target: TARGET }],
    ['on EC2', { DescribeServices: { services: [{ launchType: 'EC2' }] } }, { target: TARGET }],
    [
      'on Spot',
      { DescribeServices: { services: [{ capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT' }] }] } },
      { target: TARGET },
    ],
  ])('needs no room for a target %s', async (_, responses, info) => {
    const { problems, warnings } = await check(responses, withTarget, info);
    expect({ problems, warnings }).toEqual({ problems: [], warnings: [] });
  });

  it('asks for the quota and the use of what the fleet runs on', async () => {
    const { calls } = await check({}, {}, { capacity: 'FARGATE_SPOT' });
    expect(calls.find(({ name }) => name === 'GetServiceQuota')?.input).toEqual({
      ServiceCode: 'fargate',
      QuotaCode: 'L-36FBB829',
    });
    const query = calls.find(({ name }) => name === 'GetMetricData')?.input.MetricDataQueries[0].MetricStat.Metric;
    expect(query.Dimensions).toContainEqual({ Name: 'Class', Value: 'Standard/Spot' });
  });

  it.each([
    'GetServiceQuota',
    'GetMetricData',
    'DescribeScalableTargets',
    'DescribeServices',
    'DescribeTaskDefinition',
  ])('warns if %s is not allowed, and continues', async (name) => {
    const { problems, warnings } = await check({ [name]: denied }, { ...withTarget, tasks: 1 }, { target: TARGET });
    expect(problems).toEqual([]);
    expect(warnings).toEqual([
      expect.stringMatching(/cannot be read, so that is not checked: .*AccessDeniedException: not authorized/),
    ]);
  });
});

describe('the network', () => {
  it('refuses if a subnet has too few addresses', async () => {
    const Subnets = [subnet('subnet-a', 'us-east-1a', 9), subnet('subnet-b', 'us-east-1b', 10)];
    expect((await check({ DescribeSubnets: { Subnets } }, { tasks: 18 })).problems).toEqual([]);
    expect((await check({ DescribeSubnets: { Subnets } }, { tasks: 19 })).problems).toEqual([
      'subnet subnet-a in us-east-1a has 9 free addresses, but 10 of the 19 tasks would run there: use --tasks 18 or fewer, or give the stack larger subnets',
    ]);
  });

  it('refuses if a subnet is gone, or subnets cannot be read', async () => {
    const { problems } = await check({ DescribeSubnets: { Subnets: [subnet('subnet-a', 'us-east-1a')] } });
    expect(problems).toEqual(['subnet subnet-b of the stack does not exist: redeploy the stack with npx cdk deploy']);
    const unread = await check({ DescribeSubnets: denied });
    expect(unread.problems).toEqual([
      expect.stringContaining("the stack's subnets (subnet-a, subnet-b) cannot be read"),
    ]);
    expect(unread.subnets).toEqual([]);
  });

  it.each<[string, object[], boolean, RegExp | null]>([
    ['an internet gateway', [route({ GatewayId: 'igw-1' })], true, null],
    ['a NAT gateway', [route({ NatGatewayId: 'nat-1' })], false, /^from subnet-a load goes through a NAT gateway/],
    ['a transit gateway', [route({ TransitGatewayId: 'tgw-1' })], false, /transit gateway/],
    ['a gateway that is gone', [route({ GatewayId: 'igw-1', State: 'blackhole' })], false, /VPC endpoints/],
    ['nothing', [{ DestinationCidrBlock: '10.0.0.0/16', GatewayId: 'local' }], false, /VPC endpoints/],
  ])('knows a subnet whose own routes lead to %s', async (_, Routes, publicIp, warning) => {
    const own = { VpcId: 'vpc-1', Associations: [{ SubnetId: 'subnet-a' }], Routes };
    const RouteTables = [mainTable([route({ GatewayId: 'igw-1' })]), own];
    const { subnets, warnings } = await check({ DescribeRouteTables: { RouteTables } });
    expect(subnets.map((one) => one.publicIp)).toEqual([publicIp, true]);
    expect(warnings).toEqual(warning === null ? [] : [expect.stringMatching(warning)]);
  });

  it("uses the subnet's own setting if routes cannot be read", async () => {
    const { subnets, warnings } = await check({ DescribeRouteTables: denied });
    expect(subnets.map(({ publicIp }) => publicIp)).toEqual([true, true]);
    expect(warnings).toEqual([expect.stringContaining("the subnets' routes cannot be read")]);
  });
});

it('includes the checks that need no request to AWS', async () => {
  const plan = { maxVUs: 5000, durationMs: 60_000, target: { observe: 'stack', scaleOutWithinMs: 60_000 } };
  const { problems, warnings } = await check({}, plan, { target: TARGET, version: '0.0.1' });
  expect(problems).toEqual([]);
  expect(warnings).toEqual([
    expect.stringContaining('was deployed by k6-fleet 0.0.1'),
    expect.stringContaining('do not fit in its 2048 MiB'),
    expect.stringContaining('target tracking'),
  ]);
});
