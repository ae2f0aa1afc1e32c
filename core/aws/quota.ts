/** Whether a fleet fits in an account's Fargate vCPU quota. */
import type { FleetInfo } from '../contract/stack.ts';

type Capacity = FleetInfo['capacity'];

/**
 * Quota codes in Service Quotas (service `fargate`), and the class of the metrics in AWS/Usage that count the use.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/monitoring-fargate-usage.html
 */
export const FARGATE_QUOTA: Record<Capacity, { code: string; usageClass: string; name: string }> = {
  FARGATE: { code: 'L-3032A538', usageClass: 'Standard/OnDemand', name: 'On-Demand' },
  FARGATE_SPOT: { code: 'L-36FBB829', usageClass: 'Standard/Spot', name: 'Spot' },
};

export const FARGATE_SERVICE_CODE = 'fargate';

/** How far a service under test may still scale out in the same account, region and capacity as the fleet. */
export interface TargetGrowth {
  service: string;
  /** Maximum number of tasks that it may scale to. */
  maxTasks: number;
  /** Tasks that are running or pending now. */
  presentTasks: number;
  /** Of one of its tasks, in units of 1/1024 vCPU. */
  cpu: number;
}

export interface VcpuBudget {
  region: string;
  capacity: Capacity;
  tasks: number;
  /** Of one task, in units of 1/1024 vCPU. */
  cpu: number;
  /** vCPUs. */
  quota: number;
  /** vCPUs; AWS reports them a few minutes late. */
  inUse: number;
  growth: readonly TargetGrowth[];
}

/** vCPUs of the same quota that the target may still need. */
const growthVcpus = (growth: readonly TargetGrowth[]): number =>
  growth.reduce((sum, { maxTasks, presentTasks, cpu }) => sum + (Math.max(0, maxTasks - presentTasks) * cpu) / 1024, 0);

/** How many tasks of the fleet fit in the quota, 0 or more. @internal exported for its test */
export const tasksWithinQuota = ({ quota, inUse, growth, cpu }: VcpuBudget): number =>
  Math.max(0, Math.floor(((quota - inUse - growthVcpus(growth)) * 1024) / cpu));

/** Why the fleet does not fit, and what to do; null: it fits. */
export function quotaProblem(budget: VcpuBudget): string | null {
  const { region, capacity, tasks, cpu, quota, inUse, growth } = budget;
  const maxTasks = tasksWithinQuota(budget);
  if (tasks <= maxTasks) return null;
  const { name, code } = FARGATE_QUOTA[capacity];
  const reserved = growthVcpus(growth);
  const services = growth.map((service) => `${service.service} to ${count(service.maxTasks, 'task')}`).join(', ');
  const taken = [
    `${figure(inUse)} in use`,
    ...(reserved > 0 ? [`${figure(reserved)} reserved for the target to scale out (${services})`] : []),
  ].join(', ');
  const remedy = maxTasks > 0 ? `use --tasks ${maxTasks} or fewer, a smaller cpu` : 'use a smaller cpu';
  return `${count(tasks, 'task')} of ${figure(cpu / 1024)} vCPU ${tasks === 1 ? 'needs' : 'need'} ${figure((tasks * cpu) / 1024)} vCPUs, but only ${figure(Math.max(0, quota - inUse - reserved))} of the account's ${figure(quota)} Fargate ${name} vCPUs in ${region} are available (${taken}): ${remedy}, or request a quota increase at https://${region}.console.aws.amazon.com/servicequotas/home/services/${FARGATE_SERVICE_CODE}/quotas/${code}`;
}

const figure = (value: number): string => String(Math.round(value * 100) / 100);

const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;
