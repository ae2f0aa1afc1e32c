import { StoreError } from '../core/errors.ts';

/** The part of the SDK's errors that is used here. */
interface S3Failure extends Error {
  $metadata?: { httpStatusCode?: number; attempts?: number };
}

export const statusOf = (error: unknown): number => (error as S3Failure).$metadata?.httpStatusCode ?? 0;

/** Whether the object does not exist, in a bucket that does. */
export const isMissing = (error: unknown): boolean =>
  statusOf(error) === 404 && (error as Error).name !== 'NoSuchBucket';

/**
 * One line for the operator.
 * @param action as IAM calls it, such as `s3:GetObject`
 * @param object such as `s3://bucket/key`
 */
export function s3Error(action: string, object: string, cause: unknown): StoreError {
  return new StoreError(`${action} on ${object}: ${reasonOf(cause as S3Failure)}`, { cause });
}

function reasonOf(error: S3Failure): string {
  const { name, message, $metadata } = error;
  const status = statusOf(error);
  if (name === 'NoSuchBucket') return 'there is no such bucket: its stack may have been destroyed';
  if (name === 'CredentialsProviderError') return `no AWS credentials: ${message}`;
  if (status === 403) {
    return `${name === '403' || name === 'Forbidden' ? 'AccessDenied' : name}: grant this permission, and s3:ListBucket on the bucket, without which S3 also denies access to objects that do not exist`;
  }
  if (status === 301 || status === 307) return "the bucket is in another region: set AWS_REGION to the bucket's region";
  const attempts = $metadata?.attempts ?? 1;
  const what = message === '' || message === 'UnknownError' ? name : `${name}: ${message}`;
  return `${what.split('\n')[0]}${attempts > 1 ? `, after ${attempts} attempts` : ''}`;
}
