import type { FleetInfo } from '../../core/contract/stack.ts';
import type { TargetObserver } from '../../core/ports.ts';
import { type ClientConfig, type EcsClients, ecsClients } from './ecs-clients.ts';
import { EcsObserver } from './ecs-observer.ts';

/**
 * Clients in the region and the account where a stack's target lives; null: its configuration names no target.
 * @param config endpoint and credentials, where they are not the SDK's own
 */
export function targetClients({ target, region }: FleetInfo, config: ClientConfig = {}): EcsClients | null {
  if (target === null) return null;
  return ecsClients({ ...config, region: target.region ?? region }, target.observerRoleArn);
}

/** The observer of the target that a stack's configuration names; null: it names none. @param config as above */
export function createStackObserver(info: FleetInfo, config: ClientConfig = {}): TargetObserver | null {
  const clients = targetClients(info, config);
  return info.target === null || clients === null ? null : new EcsObserver(info.target, clients);
}
