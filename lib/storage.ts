/** What the stack stores, and for how long. */
import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { runPrefix, scratchPrefix } from '../core/contract/keys.ts';

export interface RunsBucketProps {
  resultDays: number;
}

/** The store of all runs. It outlives the stack, because it holds their results. */
export class RunsBucket extends Construct {
  readonly bucket: s3.Bucket;

  constructor(scope: Construct, id: string, { resultDays }: RunsBucketProps) {
    super(scope, id);
    this.bucket = new s3.Bucket(this, 'Bucket', {
      // SSE-S3: KMS would charge for every request, and each window is several.
      encryption: s3.BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
      lifecycleRules: [
        { id: 'scratch', prefix: scratchPrefix(''), expiration: Duration.days(1) },
        { id: 'results', prefix: runPrefix(''), expiration: Duration.days(resultDays) },
        { id: 'unfinished', abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
    });
    Validations.of(this.bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason:
        'a run makes as many requests as it has windows and polls, and each would be logged to another bucket; for an audit, log data events with CloudTrail',
    });
  }
}

/** A log group that is deleted with the stack. */
export const logGroup = (scope: Construct, id: string, days: number, name?: string): logs.LogGroup =>
  new logs.LogGroup(scope, id, {
    logGroupName: name,
    // The values of CDK's RetentionDays are numbers of days.
    retention: days as logs.RetentionDays,
    removalPolicy: RemovalPolicy.DESTROY,
  });
