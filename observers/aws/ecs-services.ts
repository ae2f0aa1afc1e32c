import { type Deployment, DescribeServicesCommand, type ECSClient, type Service } from '@aws-sdk/client-ecs';
import type { TargetEvent } from '../../core/contract/result.ts';
import type { TargetConfig } from '../../core/contract/stack.ts';

export type ServiceName = TargetConfig['services'][number];

export interface ServiceCounts {
  desired: number;
  running: number;
  pending: number;
}

/** What a service says of itself. */
export interface ServiceState extends ServiceCounts {
  name: ServiceName;
  events: TargetEvent[];
}

/** DescribeServices takes so many services, of one cluster. */
const SERVICES_PER_CALL = 10;

/**
 * Reads every service's counts and what has happened to it since then.
 * @param since Unix ms
 * @throws Error where one of them cannot be read
 */
export async function readServices(
  client: ECSClient,
  services: readonly ServiceName[],
  since: number,
): Promise<ServiceState[]> {
  const states = await Promise.all(batches(services).map((batch) => readBatch(client, batch, since)));
  return states.flat();
}

function batches(services: readonly ServiceName[]): ServiceName[][] {
  const byCluster = new Map<string, ServiceName[]>();
  for (const service of services) byCluster.set(service.cluster, [...(byCluster.get(service.cluster) ?? []), service]);
  return [...byCluster.values()].flatMap((list) =>
    Array.from({ length: Math.ceil(list.length / SERVICES_PER_CALL) }, (_, i) =>
      list.slice(i * SERVICES_PER_CALL, (i + 1) * SERVICES_PER_CALL),
    ),
  );
}

async function readBatch(client: ECSClient, batch: ServiceName[], since: number): Promise<ServiceState[]> {
  const cluster = batch[0]?.cluster;
  const services = batch.map(({ service }) => service);
  const { services: found = [] } = await client.send(new DescribeServicesCommand({ cluster, services }));
  return batch.map((name) => {
    const service = found.find(({ serviceName }) => serviceName === name.service);
    // A deleted service is still told of for a while.
    if (service === undefined || service.status === 'INACTIVE') {
      throw new Error(`cluster ${name.cluster} has no service ${name.service}`);
    }
    const { desiredCount = 0, runningCount = 0, pendingCount = 0 } = service;
    return {
      name,
      desired: desiredCount,
      running: runningCount,
      pending: pendingCount,
      events: eventsOf(service, since),
    };
  });
}

/**
 * ECS's own events, and of each deployment what they do not tell. That one has completed or is rolled back is in ECS's
 * events, with its time; a deployment's `updatedAt` changes with every scaling. Each event has a time that stays, so
 * that it counts once however often it is read.
 */
function eventsOf({ serviceName = '', events = [], deployments = [] }: Service, since: number): TargetEvent[] {
  const told = events.flatMap(({ createdAt, message = '' }) => at(createdAt, since, message));
  return [...told, ...deployments.flatMap((deployment) => deploymentEvents(serviceName, deployment, since))];
}

function deploymentEvents(service: string, deployment: Deployment, since: number): TargetEvent[] {
  const { id = '', createdAt, updatedAt, taskDefinition = '', rolloutState, rolloutStateReason = '' } = deployment;
  const what = `(service ${service}) deployment ${id}`;
  const revision = taskDefinition.slice(taskDefinition.lastIndexOf('/') + 1);
  const started = at(createdAt, since, `${what} of ${revision} started`);
  const goesOn = started.length === 0 && rolloutState === 'IN_PROGRESS';
  return [
    ...started,
    ...(goesOn ? [{ at: since, message: `${what} of ${revision} was in progress when the run began` }] : []),
    ...(rolloutState === 'FAILED' ? at(updatedAt, since, `${what} of ${revision} failed: ${rolloutStateReason}`) : []),
  ];
}

const at = (time: Date | undefined, since: number, message: string): TargetEvent[] =>
  time === undefined || time.getTime() < since ? [] : [{ at: time.getTime(), message }];

/** The counts of all services together. */
export const sumOf = (states: readonly ServiceCounts[]): ServiceCounts => ({
  desired: states.reduce((sum, { desired }) => sum + desired, 0),
  running: states.reduce((sum, { running }) => sum + running, 0),
  pending: states.reduce((sum, { pending }) => sum + pending, 0),
});
