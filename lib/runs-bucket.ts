import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';

export interface RunsBucketProps {
  resultDays: number;
}

/** The store of all runs. It outlives the stack, for the results in it. */
export class RunsBucket extends Construct {
  readonly bucket: s3.Bucket;

  constructor(scope: Construct, id: string, { resultDays }: RunsBucketProps) {
    super(scope, id);
    this.bucket = new s3.Bucket(this, 'Bucket', {
      // SSE-S3: KMS would charge for each of the windows' requests.
      encryption: s3.BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
      lifecycleRules: [
        { id: 'scratch', prefix: 'scratch/', expiration: Duration.days(1) },
        { id: 'results', prefix: 'runs/', expiration: Duration.days(resultDays) },
        { id: 'unfinished', abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
    });
    Validations.of(this.bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason:
        'access logs would be as many as the windows and polls of a run, in a bucket more; CloudTrail can log data events where an audit wants them',
    });
  }
}
