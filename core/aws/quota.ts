/** Whether an account's Fargate quota has room for a fleet. */
import type { FleetInfo } from '../contract/stack.ts';

type Capacity = FleetInfo['capacity'];

/**
 * Codes of Service Quotas (service `fargate`), and the class under which AWS/Usage counts what is in use.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/monitoring-fargate-usage.html
 */
export const FARGATE_QUOTA: Record<Capacity, { code: string; usageClass: string; name: string }> = {
  FARGATE: { code: 'L-3032A538', usageClass: 'Standard/OnDemand', name: 'On-Demand' },
  FARGATE_SPOT: { code: 'L-36FBB829', usageClass: 'Standard/Spot', name: 'Spot' },
};

export const FARGATE_SERVICE_CODE = 'fargate';

/** What a service under test may still grow by, in the same account, region and capacity as the fleet. */
export interface TargetGrowth {
  service: string;
  /** Tasks that it may run at most. */
  maxTasks: number;
  /** Tasks that it has now, pending ones too. */
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
  /** vCPUs; counted by AWS with a few minutes' delay. */
  inUse: number;
  growth: readonly TargetGrowth[];
}

/** vCPUs that the target may still take from the same quota. */
const growthVcpus = (growth: readonly TargetGrowth[]): number =>
  growth.reduce((sum, { maxTasks, presentTasks, cpu }) => sum + (Math.max(0, maxTasks - presentTasks) * cpu) / 1024, 0);

/** How many tasks there is room for, 0 or more. */
export const tasksWithinQuota = ({ quota, inUse, growth, cpu }: VcpuBudget): number =>
  Math.max(0, Math.floor(((quota - inUse - growthVcpus(growth)) * 1024) / cpu));

/** Why the fleet does not fit, with the figures and the remedy; null: it fits. */
export function quotaProblem(budget: VcpuBudget): string | null {
  const { region, capacity, tasks, cpu, quota, inUse, growth } = budget;
  const room = tasksWithinQuota(budget);
  if (tasks <= room) return null;
  const { name, code } = FARGATE_QUOTA[capacity];
  const reserved = growthVcpus(growth);
  const toGrow = growth.map(({ service, maxTasks }) => `${service} to ${count(maxTasks, 'task')}`).join(', ');
  const taken = [
    `${figure(inUse)} in use`,
    ...(reserved > 0 ? [`${figure(reserved)} kept for the target's growth (${toGrow})`] : []),
  ].join(', ');
  const fewer = room > 0 ? `use --tasks ${room} or fewer, a smaller cpu` : 'use a smaller cpu';
  return `${count(tasks, 'task')} of ${figure(cpu / 1024)} vCPU ${tasks === 1 ? 'needs' : 'need'} ${figure((tasks * cpu) / 1024)} vCPUs, but of the account's ${figure(quota)} Fargate ${name} vCPUs in ${region} only ${figure(Math.max(0, quota - inUse - reserved))} are left (${taken}): ${fewer}, or ask for more at https://${region}.console.aws.amazon.com/servicequotas/home/services/${FARGATE_SERVICE_CODE}/quotas/${code}`;
}

const figure = (value: number): string => String(Math.round(value * 100) / 100);

const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;
