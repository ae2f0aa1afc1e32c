/** Which errors of ECS are transient. */

interface SdkError {
  name?: string;
  message?: string;
  code?: string;
  $fault?: string;
  $metadata?: { httpStatusCode?: number };
}

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html and CommonErrors.html */
const TRANSIENT_NAMES = new Set([
  'ThrottlingException',
  'Throttling',
  'TooManyRequestsException',
  'RequestLimitExceeded',
  'LimitExceededException',
  'ServerException',
  'ServiceUnavailable',
  'InternalFailure',
  'TimeoutError',
]);
const TRANSIENT_CODES = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'ETIMEDOUT',
  'EPIPE',
  'EAI_AGAIN',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
/**
 * ECS passes on refusals of other services as a ClientException or InvalidParameterException: Fargate's capacity, the
 * account's quota of vCPUs, and EC2's own throttling, such as `Error retrieving security group information …: Request
 * limit exceeded. (ErrorCode: RequestLimitExceeded)`. `… is above your limit` is not transient.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html
 */
const TRANSIENT_MESSAGE =
  /capacity is unavailable|capacity error|reached the limit|limit exceeded|RequestLimitExceeded|rate exceeded/i;

/** Whether the same call may succeed later: throttling, capacity, quotas, AWS's own faults, the network. */
export function isTransient(error: unknown): boolean {
  const { name = '', message = '', code = '', $fault, $metadata } = error as SdkError;
  return (
    TRANSIENT_NAMES.has(name) ||
    TRANSIENT_CODES.has(code) ||
    $fault === 'server' ||
    ($metadata?.httpStatusCode ?? 0) >= 500 ||
    TRANSIENT_MESSAGE.test(message)
  );
}
