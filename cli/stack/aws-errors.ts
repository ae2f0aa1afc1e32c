import { errorLine } from '../../core/one-line.ts';

/** What to do about an error of AWS, in one line for the operator. */
export function awsProblem(error: unknown): string {
  const text = errorLine(error);
  const remedy = REMEDIES.find(([pattern]) => pattern.test(text))?.[1];
  return remedy === undefined ? text : `${remedy} (${text})`;
}

const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [/Region is missing/i, 'no AWS region is set; set AWS_REGION, or AWS_PROFILE to a profile that has one'],
  [/Expired|SSO session/i, 'the AWS credentials have expired; sign in again, such as by aws sso login'],
  [
    /CredentialsProviderError|Could not load credentials/i,
    'no AWS credentials were found; set AWS_PROFILE, or sign in by aws sso login',
  ],
  [
    /InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch|AuthFailure|InvalidAccessKeyId/i,
    'AWS does not know these credentials; check AWS_PROFILE and AWS_ACCESS_KEY_ID',
  ],
  [/AccessDenied|UnauthorizedOperation|not authorized/i, 'these credentials are not allowed to do that'],
  [/ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ETIMEDOUT|TimeoutError/i, 'AWS is not in reach; check the network and the region'],
];
