import { errorLine } from '../../core/errors.ts';

/** What a check before a run found, one line each. */
export interface Findings {
  /** Why the stack cannot run it. */
  problems: string[];
  /** What may spoil it, or could not be checked. */
  warnings: string[];
}

/** An error of AWS as one line for the operator: what to do, and the error itself. */
export function awsProblem(error: unknown): string {
  const text = errorLine(error);
  const remedy = REMEDIES.find(([pattern]) => pattern.test(text))?.[1];
  return remedy === undefined ? text : `${remedy} (${text})`;
}

const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [
    /Region is missing|Region not accepted: region=""/i,
    'no AWS region is set; set AWS_REGION, or AWS_PROFILE to a profile that has one',
  ],
  [/Expired|SSO session/i, 'the AWS credentials have expired; sign in again, such as with aws sso login'],
  [
    /CredentialsProviderError|Could not load credentials/i,
    'no AWS credentials were found; set AWS_PROFILE, or sign in with aws sso login',
  ],
  [
    /InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch|AuthFailure|InvalidAccessKeyId/i,
    'AWS does not know these credentials; check AWS_PROFILE and AWS_ACCESS_KEY_ID',
  ],
  [/AccessDenied|UnauthorizedOperation|not authorized/i, 'these credentials are not allowed to do that'],
  [
    /ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ETIMEDOUT|TimeoutError/i,
    'AWS cannot be reached; check the network and the region',
  ],
];
