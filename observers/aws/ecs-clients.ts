/** The AWS clients that read a target, and the role that they may assume. */
import { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { ECSClient, type ECSClientConfig } from '@aws-sdk/client-ecs';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import type { FleetInfo } from '../../core/contract/stack.ts';

export interface EcsClients {
  ecs: ECSClient;
  scaling: ApplicationAutoScalingClient;
  loadBalancing: ElasticLoadBalancingV2Client;
  cloudWatch: CloudWatchClient;
}

/** Region, endpoint and credentials; without them the SDK's own defaults apply. */
export type ClientConfig = Pick<ECSClientConfig, 'region' | 'endpoint' | 'credentials' | 'requestHandler'>;

/** A target is read every 10 s: a request that hangs for longer is retried. ms */
const TIMEOUTS = { connectionTimeout: 2000, requestTimeout: 5000, throwOnRequestTimeout: true };

/**
 * @param roleArn the role that reads the target; without it, the caller's own credentials do
 * @internal exported for its test
 */
export function ecsClients(config: ClientConfig, roleArn?: string): EcsClients {
  const bounded = { requestHandler: TIMEOUTS, ...config, maxAttempts: 2 };
  const reader =
    roleArn === undefined ? bounded : { ...bounded, credentials: assumedRole(new STSClient(bounded), roleArn) };
  return {
    ecs: new ECSClient(reader),
    scaling: new ApplicationAutoScalingClient(reader),
    loadBalancing: new ElasticLoadBalancingV2Client(reader),
    cloudWatch: new CloudWatchClient(reader),
  };
}

/**
 * Clients in the region and the account of a stack's target; null: its configuration names no target.
 * @param config endpoint and credentials, if not the SDK's defaults
 */
export function targetClients({ target, region }: FleetInfo, config: ClientConfig = {}): EcsClients | null {
  if (target === null) return null;
  return ecsClients({ ...config, region: target.region ?? region }, target.observerRoleArn);
}

export interface SessionCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  expiration: Date;
}

/** The longest session of a role that is assumed with another role's session (role chaining), s. */
const SESSION_SECONDS = 3600;
/** Credentials are renewed this long before they expire, ms. */
const RENEW_MS = 5 * 60_000;

/**
 * A provider of a role's credentials. All its callers share one session, which is renewed before it expires; concurrent
 * callers wait for the same request, and a failed request is not cached.
 * @throws Error that names the role, if it cannot be assumed
 * @internal exported for its test
 */
export function assumedRole(
  sts: STSClient,
  roleArn: string,
  now: () => number = Date.now,
): () => Promise<SessionCredentials> {
  let session: Promise<SessionCredentials> | null = null;
  let renewAt = 0;
  return () => {
    if (session === null || now() >= renewAt) {
      renewAt = Number.POSITIVE_INFINITY;
      session = assume(sts, roleArn);
      session.then(
        ({ expiration }) => {
          renewAt = expiration.getTime() - RENEW_MS;
        },
        () => {
          session = null;
        },
      );
    }
    return session;
  };
}

async function assume(sts: STSClient, roleArn: string): Promise<SessionCredentials> {
  const request = { RoleArn: roleArn, RoleSessionName: 'k6-fleet', DurationSeconds: SESSION_SECONDS };
  try {
    const { Credentials } = await sts.send(new AssumeRoleCommand(request));
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = Credentials ?? {};
    if (!AccessKeyId || !SecretAccessKey || !SessionToken || !Expiration) {
      throw new Error('the response has no credentials');
    }
    return {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
      expiration: Expiration,
    };
  } catch (cause) {
    throw new Error(`cannot assume role ${roleArn}: ${(cause as Error).message}`, { cause });
  }
}
