import {
  DescribeRouteTablesCommand,
  DescribeSubnetsCommand,
  type EC2Client,
  type Route,
  type RouteTable,
  type Subnet,
} from '@aws-sdk/client-ec2';
import { tasksPerSubnet } from '../../core/aws/pacing.ts';
import type { FargateSubnet } from '../../core/contract/plan.ts';
import { awsProblem, type Findings } from './findings.ts';

type Ec2 = Pick<EC2Client, 'send'>;

/** How a subnet's traffic leaves the VPC. */
type Egress = 'internet' | 'nat' | 'other' | 'none';

/**
 * The stack's subnets, with the zone of each and whether its tasks need a public address; and whether their addresses
 * and routes suffice for `tasks` tasks. An awsvpc task takes one address of its subnet.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-networking.html
 */
export async function checkNetwork(
  ec2: Ec2,
  ids: readonly string[],
  tasks: number,
): Promise<Findings & { subnets: FargateSubnet[] }> {
  let described: Subnet[];
  try {
    described = (await ec2.send(new DescribeSubnetsCommand({ SubnetIds: [...ids] }))).Subnets ?? [];
  } catch (error) {
    return {
      problems: [`the stack's subnets (${ids.join(', ')}) cannot be read: ${awsProblem(error)}`],
      warnings: [],
      subnets: [],
    };
  }
  const routes = await egressOf(ec2, described);
  // In the stack's order, in which tasks are spread over them.
  const known = ids.flatMap((id) => described.find(({ SubnetId }) => SubnetId === id) ?? []);
  const subnets = known.map(
    (subnet): FargateSubnet => ({
      id: subnet.SubnetId ?? '',
      zone: subnet.AvailabilityZone ?? 'an unknown zone',
      publicIp: routes.needsAddress(subnet),
    }),
  );
  const missing = ids.filter((id) => !known.some(({ SubnetId }) => SubnetId === id));
  return {
    problems: [
      ...missing.map((id) => `subnet ${id} of the stack does not exist: redeploy the stack with npx cdk deploy`),
      ...addressProblems(known, tasks),
    ],
    warnings: routes.warnings,
    subnets,
  };
}

function addressProblems(subnets: readonly Subnet[], tasks: number): string[] {
  const needs = tasksPerSubnet(tasks, subnets.length);
  return subnets.flatMap(({ SubnetId, AvailabilityZone, AvailableIpAddressCount: free }, index) => {
    const needed = needs[index] ?? 0;
    if (free === undefined || needed <= free) return [];
    return [
      `subnet ${SubnetId} in ${AvailabilityZone} has ${free} free addresses, but ${needed} of the ${tasks} tasks would run there: use --tasks ${free * subnets.length} or fewer, or give the stack larger subnets`,
    ];
  });
}

async function egressOf(ec2: Ec2, subnets: readonly Subnet[]) {
  let tables: RouteTable[];
  try {
    tables = await routeTables(ec2, [...new Set(subnets.map(({ VpcId }) => VpcId ?? ''))]);
  } catch (error) {
    return {
      needsAddress: ({ MapPublicIpOnLaunch }: Subnet) => MapPublicIpOnLaunch === true,
      warnings: [
        `the subnets' routes cannot be read, so the setting of each subnet decides whether its tasks get a public address: ${awsProblem(error)}`,
      ],
    };
  }
  const egress = new Map(subnets.map((subnet) => [subnet.SubnetId, egressBy(tables, subnet)]));
  const through = (kind: Egress) => subnets.filter(({ SubnetId }) => egress.get(SubnetId) === kind);
  return {
    needsAddress: ({ SubnetId }: Subnet) => egress.get(SubnetId) === 'internet',
    warnings: [
      // https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html
      ...warnOf(
        through('nat'),
        'load goes through a NAT gateway, which allows 55,000 simultaneous connections to each destination per address and charges for every GB; when it runs out of ports (ErrorPortAllocation), the failures look like errors of the target: use public subnets',
      ),
      ...warnOf(
        through('other'),
        'load goes through a transit gateway, an appliance or a peering, and failures at its limits look like errors of the target',
      ),
      ...warnOf(
        through('none'),
        'there is no route to the internet: tasks need VPC endpoints for S3, ECR and CloudWatch Logs, and can reach private targets only',
      ),
    ],
  };
}

const warnOf = (subnets: readonly Subnet[], text: string): string[] =>
  subnets.length === 0 ? [] : [`from ${subnets.map(({ SubnetId }) => SubnetId).join(', ')} ${text}`];

async function routeTables(ec2: Ec2, vpcs: string[]): Promise<RouteTable[]> {
  const tables: RouteTable[] = [];
  let NextToken: string | undefined;
  do {
    const page = await ec2.send(
      new DescribeRouteTablesCommand({ Filters: [{ Name: 'vpc-id', Values: vpcs }], ...(NextToken && { NextToken }) }),
    );
    tables.push(...(page.RouteTables ?? []));
    NextToken = page.NextToken;
  } while (NextToken);
  return tables;
}

/** A subnet without a route table of its own uses its VPC's main one. https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html */
function egressBy(tables: readonly RouteTable[], { SubnetId, VpcId }: Subnet): Egress {
  const own = tables.find(({ Associations }) => Associations?.some((to) => to.SubnetId === SubnetId));
  const main = tables.find((table) => table.VpcId === VpcId && table.Associations?.some(({ Main }) => Main === true));
  const route = (own ?? main)?.Routes?.find(
    ({ DestinationCidrBlock, State }) => DestinationCidrBlock === '0.0.0.0/0' && State !== 'blackhole',
  );
  return route === undefined ? 'none' : egressThrough(route);
}

function egressThrough({ GatewayId, NatGatewayId }: Route): Egress {
  if (GatewayId?.startsWith('igw-')) return 'internet';
  return NatGatewayId === undefined ? 'other' : 'nat';
}
