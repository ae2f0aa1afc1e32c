/** What cdk packs from this checkout: container images and the Lambdas' bundles. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Stack } from 'aws-cdk-lib';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import { DockerImageAsset, Platform } from 'aws-cdk-lib/aws-ecr-assets';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { ConfigError } from './config.ts';

/** The folder of package.json, the Dockerfile and the bundles in dist/. @internal exported for its test */
export const PACKAGE_ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

export const packageVersion = (): string =>
  (JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as { version: string }).version;

export interface ContainerImageProps {
  /** Undefined: cdk builds the Dockerfile. */
  uri: string | undefined;
  architecture: 'arm64' | 'x86_64';
  /** The Dockerfile's stage; undefined: the last. */
  target?: string;
}

/** A private ECR repository, which the execution role needs permission to pull from. */
const ECR_URI =
  /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/([^:@]+)(?::([^@]+)|@(sha256:[0-9a-f]{64}))?$/;

/** The image that the Dockerfile builds, or an existing one. */
export function containerImage(scope: Construct, id: string, props: ContainerImageProps): ecs.ContainerImage {
  const { uri, architecture, target } = props;
  if (uri !== undefined) return existingImage(scope, id, uri);
  const platform = architecture === 'arm64' ? Platform.LINUX_ARM64 : Platform.LINUX_AMD64;
  // The build context is the whole checkout; .dockerignore admits the few files that the image is made of.
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

/**
 * The bundle of lambda/`name`.
 * @throws ConfigError if it has not been built
 */
export function lambdaBundle(name: string): lambda.Code {
  const dir = join(PACKAGE_ROOT, 'dist', 'lambda', name);
  if (existsSync(join(dir, 'index.mjs'))) return lambda.Code.fromAsset(dir);
  throw new ConfigError(`dist/lambda/${name}/index.mjs is missing: build it with \`node scripts/build-bundles.mjs\``);
}
