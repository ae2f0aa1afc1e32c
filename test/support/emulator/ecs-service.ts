import {
  CreateClusterCommand,
  CreateServiceCommand,
  type ECSClient,
  RegisterTaskDefinitionCommand,
} from '@aws-sdk/client-ecs';

/**
 * Creates a cluster with one service, to be the target.
 * @param image such as `web:1`
 */
export async function createService(
  ecs: ECSClient,
  { cluster, service, image, desiredCount }: { cluster: string; service: string; image: string; desiredCount: number },
): Promise<void> {
  await ecs.send(new CreateClusterCommand({ clusterName: cluster }));
  await ecs.send(
    new RegisterTaskDefinitionCommand({
      family: service,
      containerDefinitions: [{ name: 'main', image, memory: 64, stopTimeout: 2 }],
    }),
  );
  await ecs.send(
    new CreateServiceCommand({
      cluster,
      serviceName: service,
      taskDefinition: service,
      launchType: 'FARGATE',
      desiredCount,
    }),
  );
}
