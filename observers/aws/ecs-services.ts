import { type Deployment, DescribeServicesCommand, type ECSClient, type Service } from '@aws-sdk/client-ecs';
import type { TargetEvent } from '../../core/contract/result.ts';
import type { TargetConfig } from '../../core/contract/stack.ts';
import { serviceEvent } from '../event-meaning.ts';

export type ServiceName = TargetConfig['services'][number];

export interface ServiceCounts {
  desired: number;
  running: number;
  pending: number;
}

export interface ServiceState extends ServiceCounts {
  name: ServiceName;
  events: TargetEvent[];
}

/** The limit of DescribeServices; all services of a call are of one cluster. */
const SERVICES_PER_CALL = 10;

/**
 * Reads the counts and the events of every service.
 * @param since Unix ms
 * @throws Error if any of them cannot be read
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
    // A deleted service is listed as INACTIVE for a while.
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
 * ECS's own events, and for each deployment what they lack: they have its completion and its rollback, but not its start.
 * Each event has a time that never changes, so that it is counted once however often it is read; a deployment's
 * `updatedAt` changes with every scaling.
 */
function eventsOf({ serviceName = '', events = [], deployments = [] }: Service, since: number): TargetEvent[] {
  const own = events.flatMap(({ createdAt, message = '' }) =>
    createdAt === undefined || createdAt.getTime() < since ? [] : [serviceEvent(createdAt.getTime(), message)],
  );
  return [...own, ...deployments.flatMap((deployment) => deploymentEvents(serviceName, deployment, since))];
}

function deploymentEvents(service: string, deployment: Deployment, since: number): TargetEvent[] {
  const { id = '', createdAt, updatedAt, taskDefinition = '', rolloutState, rolloutStateReason = '' } = deployment;
  const what = `(service ${service}) deployment ${id}`;
  const revision = taskDefinition.slice(taskDefinition.lastIndexOf('/') + 1);
  const started = at(createdAt, since, `${what} of ${revision} started`);
  const isOngoing = started.length === 0 && rolloutState === 'IN_PROGRESS';
  return [
    ...started,
    ...(isOngoing ? [{ at: since, message: `${what} of ${revision} was in progress when the run began` }] : []),
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
