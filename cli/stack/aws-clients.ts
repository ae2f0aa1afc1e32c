import type { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling';
import type { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { EC2Client } from '@aws-sdk/client-ec2';
import type { ECSClient } from '@aws-sdk/client-ecs';
import type { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import type { SSMClient } from '@aws-sdk/client-ssm';
import type { STSClient } from '@aws-sdk/client-sts';

// The SDK's warnings about versions of Node are for developers, and would clutter the output.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

/** The clients that the checks before a run and those of `doctor` need. */
export interface AwsClients {
  cloudFormation(): Promise<Pick<CloudFormationClient, 'send' | 'config'>>;
  ec2(): Promise<Pick<EC2Client, 'send'>>;
  ecs(): Promise<Pick<ECSClient, 'send'>>;
  cloudWatch(): Promise<Pick<CloudWatchClient, 'send'>>;
  serviceQuotas(): Promise<Pick<ServiceQuotasClient, 'send'>>;
  scaling(): Promise<Pick<ApplicationAutoScalingClient, 'send'>>;
  sts(): Promise<Pick<STSClient, 'send'>>;
  ssm(): Promise<Pick<SSMClient, 'send'>>;
}

/**
 * Clients with credentials and endpoint from the environment, loaded and created when first used.
 * @param region default: the environment's
 */
export function awsClients(region?: string): AwsClients {
  const config = region === undefined ? {} : { region };
  return {
    cloudFormation: once(async () => new (await import('@aws-sdk/client-cloudformation')).CloudFormationClient(config)),
    ec2: once(async () => new (await import('@aws-sdk/client-ec2')).EC2Client(config)),
    ecs: once(async () => new (await import('@aws-sdk/client-ecs')).ECSClient(config)),
    cloudWatch: once(async () => new (await import('@aws-sdk/client-cloudwatch')).CloudWatchClient(config)),
    serviceQuotas: once(async () => new (await import('@aws-sdk/client-service-quotas')).ServiceQuotasClient(config)),
    sts: once(async () => new (await import('@aws-sdk/client-sts')).STSClient(config)),
    ssm: once(async () => new (await import('@aws-sdk/client-ssm')).SSMClient(config)),
    scaling: once(
      async () => new (await import('@aws-sdk/client-application-auto-scaling')).ApplicationAutoScalingClient(config),
    ),
  };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => {
    made ??= make();
    return made;
  };
}
