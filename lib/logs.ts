import { RemovalPolicy } from 'aws-cdk-lib';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

/** A log group that goes with the stack. */
export const logGroup = (scope: Construct, id: string, days: number, name?: string): logs.LogGroup =>
  new logs.LogGroup(scope, id, {
    logGroupName: name,
    // CDK's RetentionDays are the days as numbers.
    retention: days as logs.RetentionDays,
    removalPolicy: RemovalPolicy.DESTROY,
  });
