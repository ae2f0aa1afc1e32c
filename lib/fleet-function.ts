import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Duration, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { FLEET_INFO_ENV } from '../core/contract/env.ts';
import type { FleetInfo } from '../core/contract/stack.ts';
import { ConfigError } from './config.ts';
import { logGroup } from './logs.ts';
import { PACKAGE_ROOT } from './package-root.ts';

export interface FleetFunctionProps {
  /** Of its folder in lambda/ and in dist/lambda/. */
  name: 'coordinator' | 'stopper';
  description: string;
  info: FleetInfo;
  timeout: Duration;
  memorySize: number;
  logDays: number;
}

/** A Lambda of the fleet's, which knows its stack by its environment; its role may write its own logs and nothing else. */
export class FleetFunction extends Construct {
  readonly function: lambda.Function;
  readonly role: iam.Role;

  constructor(scope: Construct, id: string, props: FleetFunctionProps) {
    super(scope, id);
    const { name, description, info, timeout, memorySize, logDays } = props;
    const logs = logGroup(this, 'Logs', logDays);
    this.role = new iam.Role(this, 'Role', {
      description: `k6-fleet: what the ${name} may do`,
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
    });
    logs.grantWrite(this.role);
    this.function = new lambda.Function(this, 'Function', {
      description,
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      handler: 'index.handler',
      code: lambda.Code.fromAsset(bundle(name)),
      role: this.role,
      logGroup: logs,
      timeout,
      memorySize,
      environment: {
        [FLEET_INFO_ENV]: Stack.of(this).toJsonString(info),
      },
      // No reserved concurrency: an account must keep 100 unreserved, and a new one has but 10.
    });
  }
}

/** @throws ConfigError where it has not been built */
function bundle(name: string): string {
  const dir = join(PACKAGE_ROOT, 'dist', 'lambda', name);
  if (existsSync(join(dir, 'index.mjs'))) return dir;
  throw new ConfigError(`dist/lambda/${name}/index.mjs is missing: build it by node scripts/build-bundles.mjs`);
}
