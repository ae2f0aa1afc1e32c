import { type Duration, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { FLEET_INFO_ENV } from '../core/contract/env.ts';
import type { FleetInfo } from '../core/contract/stack.ts';
import { lambdaBundle } from './assets.ts';
import { logGroup } from './storage.ts';

export interface FleetFunctionProps {
  /** The name of its folder in lambda/ and dist/lambda/. */
  name: 'coordinator' | 'stopper';
  description: string;
  info: FleetInfo;
  timeout: Duration;
  memorySize: number;
  logDays: number;
}

/** A Lambda with `FleetInfo` in its environment. At first its role may only write the Lambda's logs. */
export class FleetFunction extends Construct {
  readonly function: lambda.Function;
  readonly role: iam.Role;

  constructor(scope: Construct, id: string, props: FleetFunctionProps) {
    super(scope, id);
    const { name, description, info, timeout, memorySize, logDays } = props;
    const logs = logGroup(this, 'Logs', logDays);
    this.role = new iam.Role(this, 'Role', {
      description: `k6-fleet: permissions of the ${name}`,
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
    });
    logs.grantWrite(this.role);
    this.function = new lambda.Function(this, 'Function', {
      description,
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      handler: 'index.handler',
      code: lambdaBundle(name),
      role: this.role,
      logGroup: logs,
      timeout,
      memorySize,
      environment: {
        [FLEET_INFO_ENV]: Stack.of(this).toJsonString(info),
      },
      // No reserved concurrency: Lambda keeps 100 unreserved, and a new account has only 10.
    });
  }
}
