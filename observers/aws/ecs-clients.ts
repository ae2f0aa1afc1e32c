import { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { ECSClient, type ECSClientConfig } from '@aws-sdk/client-ecs';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { STSClient } from '@aws-sdk/client-sts';
import { assumedRole } from './assumed-role.ts';

/** Whom an observer asks. */
export interface EcsClients {
  ecs: ECSClient;
  scaling: ApplicationAutoScalingClient;
  loadBalancing: ElasticLoadBalancingV2Client;
  cloudWatch: CloudWatchClient;
}

/** Region, endpoint and credentials; without them the SDK's own rules hold. */
export type ClientConfig = Pick<ECSClientConfig, 'region' | 'endpoint' | 'credentials' | 'requestHandler'>;

/** A target is read every 10 s: what hangs for longer is tried anew. ms */
const TIMEOUTS = { connectionTimeout: 2000, requestTimeout: 5000, throwOnRequestTimeout: true };

/** @param roleArn the role to read the target with; without it, the caller's own */
export function ecsClients(config: ClientConfig, roleArn?: string): EcsClients {
  const patient = { requestHandler: TIMEOUTS, ...config, maxAttempts: 2 };
  const own =
    roleArn === undefined ? patient : { ...patient, credentials: assumedRole(new STSClient(patient), roleArn) };
  return {
    ecs: new ECSClient(own),
    scaling: new ApplicationAutoScalingClient(own),
    loadBalancing: new ElasticLoadBalancingV2Client(own),
    cloudWatch: new CloudWatchClient(own),
  };
}
