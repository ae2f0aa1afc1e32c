import { DescribeScalableTargetsCommand } from '@aws-sdk/client-application-auto-scaling';
import { GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeServicesCommand, DescribeTaskDefinitionCommand, type Service } from '@aws-sdk/client-ecs';
import { GetServiceQuotaCommand } from '@aws-sdk/client-service-quotas';
import { FARGATE_QUOTA, FARGATE_SERVICE_CODE, quotaProblem, type TargetGrowth } from '../../core/aws/quota.ts';
import type { FleetInfo, StackInfo, TargetConfig } from '../../core/contract/stack.ts';
import type { AwsClients } from './aws-clients.ts';
import { awsProblem, type Findings } from './findings.ts';

/** How old the latest usage may be, ms: AWS/Usage is published minutes late. */
const USAGE_LOOKBACK_MS = 30 * 60_000;

/**
 * Whether the account has vCPUs left for the fleet, beside those in use and those that the target may grow to. A number
 * that cannot be read gives a warning, and counts as 0.
 * @param run withTarget: whether the run loads the stack's target; now: Unix ms
 */
export async function checkQuota(
  clients: AwsClients,
  info: StackInfo,
  { tasks, withTarget, now }: { tasks: number; withTarget: boolean; now: number },
): Promise<Findings> {
  const warnings: string[] = [];
  const unreadable =
    <T>(what: string, instead: T) =>
    (error: unknown): T => {
      warnings.push(`${what} cannot be read, so that is not checked: ${awsProblem(error)}`);
      return instead;
    };
  const target = withTarget && sharesQuota(info) ? info.target : null;
  const { capacity, region, cpu } = info;
  const { name } = FARGATE_QUOTA[capacity];
  const [quota, inUse, growth] = await Promise.all([
    readQuota(clients, capacity).catch(unreadable(`the account's quota of Fargate ${name} vCPUs`, null)),
    readUsage(clients, capacity, now).catch(unreadable('how many Fargate vCPUs are in use', 0)),
    target === null
      ? []
      : readGrowth(clients, target, capacity).catch(unreadable('how far the target may grow', [] as TargetGrowth[])),
  ]);
  const problem = quota === null ? null : quotaProblem({ region, capacity, tasks, cpu, quota, inUse, growth });
  return { problems: problem === null ? [] : [problem], warnings };
}

/** A target in another region or account has a quota of its own. */
function sharesQuota({ target, region, stateMachine }: StackInfo): boolean {
  if (target === null || (target.region ?? region) !== region) return false;
  return target.observerRoleArn === undefined || accountOf(target.observerRoleArn) === accountOf(stateMachine);
}

const accountOf = (arn: string): string | undefined => arn.split(':')[4];

async function readQuota({ serviceQuotas }: AwsClients, capacity: FleetInfo['capacity']): Promise<number> {
  const client = await serviceQuotas();
  const { Quota } = await client.send(
    new GetServiceQuotaCommand({ ServiceCode: FARGATE_SERVICE_CODE, QuotaCode: FARGATE_QUOTA[capacity].code }),
  );
  if (Quota?.Value === undefined) throw new Error('Service Quotas returned no value');
  return Quota.Value;
}

/** vCPUs; 0 if none were in use lately: AWS then publishes no data point. */
async function readUsage({ cloudWatch }: AwsClients, capacity: FleetInfo['capacity'], now: number): Promise<number> {
  const client = await cloudWatch();
  const { MetricDataResults } = await client.send(
    new GetMetricDataCommand({
      StartTime: new Date(now - USAGE_LOOKBACK_MS),
      EndTime: new Date(now),
      ScanBy: 'TimestampDescending',
      MetricDataQueries: [
        {
          Id: 'usage',
          MetricStat: {
            Metric: {
              Namespace: 'AWS/Usage',
              MetricName: 'ResourceCount',
              Dimensions: [
                { Name: 'Service', Value: 'Fargate' },
                { Name: 'Type', Value: 'Resource' },
                { Name: 'Resource', Value: 'vCPU' },
                { Name: 'Class', Value: FARGATE_QUOTA[capacity].usageClass },
              ],
            },
            Period: 60,
            Stat: 'Maximum',
          },
        },
      ],
    }),
  );
  return MetricDataResults?.[0]?.Values?.[0] ?? 0;
}

async function readGrowth(
  clients: AwsClients,
  { services }: TargetConfig,
  capacity: FleetInfo['capacity'],
): Promise<TargetGrowth[]> {
  const growth = await Promise.all(services.map((of) => growthOf(clients, of, capacity)));
  return growth.filter((one) => one !== null);
}

/** Null: the service takes no more of this quota. */
async function growthOf(
  clients: AwsClients,
  { cluster, service }: TargetConfig['services'][number],
  capacity: FleetInfo['capacity'],
): Promise<TargetGrowth | null> {
  const scaling = await clients.scaling();
  const { ScalableTargets } = await scaling.send(
    new DescribeScalableTargetsCommand({
      ServiceNamespace: 'ecs',
      ScalableDimension: 'ecs:service:DesiredCount',
      ResourceIds: [`service/${cluster}/${service}`],
    }),
  );
  const maxTasks = ScalableTargets?.[0]?.MaxCapacity;
  if (maxTasks === undefined) return null;
  const ecs = await clients.ecs();
  const { services } = await ecs.send(new DescribeServicesCommand({ cluster, services: [service] }));
  const found = services?.[0];
  if (found === undefined) throw new Error(`there is no service ${service} in cluster ${cluster}`);
  if (!runsOn(found, capacity)) return null;
  const presentTasks = (found.runningCount ?? 0) + (found.pendingCount ?? 0);
  const { taskDefinition } = await ecs.send(
    new DescribeTaskDefinitionCommand({ taskDefinition: found.taskDefinition }),
  );
  return { service, maxTasks, presentTasks, cpu: Number(taskDefinition?.cpu ?? 0) };
}

/** Whether the service's next tasks may use that capacity. */
function runsOn({ launchType, capacityProviderStrategy = [] }: Service, capacity: FleetInfo['capacity']): boolean {
  if (capacityProviderStrategy.length === 0) return (launchType ?? 'FARGATE') === capacity;
  return capacityProviderStrategy.some(({ capacityProvider }) => capacityProvider === capacity);
}
