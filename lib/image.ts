import { Stack } from 'aws-cdk-lib';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import { DockerImageAsset, Platform } from 'aws-cdk-lib/aws-ecr-assets';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';
import { PACKAGE_ROOT } from './package-root.ts';

export interface ContainerImageProps {
  /** Undefined: cdk builds the Dockerfile. */
  uri: string | undefined;
  architecture: 'arm64' | 'x86_64';
  /** The Dockerfile's stage; undefined: the last. */
  target?: string;
}

/** A private repository of ECR's; ECS needs to be allowed to pull from there. */
const ECR_URI =
  /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/([^:@]+)(?::([^@]+)|@(sha256:[0-9a-f]{64}))?$/;

/** The image that the Dockerfile builds, or one that is there already. */
export function containerImage(scope: Construct, id: string, props: ContainerImageProps): ecs.ContainerImage {
  const { uri, architecture, target } = props;
  if (uri !== undefined) return existingImage(scope, id, uri);
  const platform = architecture === 'arm64' ? Platform.LINUX_ARM64 : Platform.LINUX_AMD64;
  // Its folder is the project's: .dockerignore names the few files that count.
  return ecs.ContainerImage.fromDockerImageAsset(
    new DockerImageAsset(scope, id, { directory: PACKAGE_ROOT, target, platform }),
  );
}

function existingImage(scope: Construct, id: string, uri: string): ecs.ContainerImage {
  const [, account, region, repositoryName, tag, digest] = ECR_URI.exec(uri) ?? [];
  if (repositoryName === undefined) return ecs.ContainerImage.fromRegistry(uri);
  const repositoryArn = Stack.of(scope).formatArn({
    service: 'ecr',
    account,
    region,
    resource: 'repository',
    resourceName: repositoryName,
  });
  const repository = ecr.Repository.fromRepositoryAttributes(scope, id, { repositoryArn, repositoryName });
  return ecs.ContainerImage.fromEcrRepository(repository, digest ?? tag);
}
