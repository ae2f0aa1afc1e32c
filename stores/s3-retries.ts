import type { S3ClientConfig } from '@aws-sdk/client-s3';

type RetryStrategy = Extract<NonNullable<S3ClientConfig['retryStrategy']>, { acquireInitialRetryToken: unknown }>;
type RetryToken = Awaited<ReturnType<RetryStrategy['acquireInitialRetryToken']>>;

/** How often a request is sent at most, the first time included. */
export const MAX_ATTEMPTS = 7;

/** Bounds of the waits double from here, ms: after a lost connection or a 5xx, and after 503 SlowDown and its like. */
const FIRST_WAIT_MS = { TRANSIENT: 200, THROTTLING: 500 };
const LONGEST_WAIT_MS = 8000;

/**
 * The SDK's standard retries, exponential with full jitter, but without their quota: it allows one client 35 retries at
 * a time, so one hiccup of S3 would end the tick of a coordinator that reads a thousand tasks at once.
 *
 * In all the waits are 12 s at most for lost connections (0.2 + 0.4 + … + 6.4) and 24 s where S3 throttles (0.5 + 1 + 2
 * + 4 + 8 + 8), half of that on average: well within a lease of 60 s.
 * https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
 */
export function patientRetries(random: () => number = Math.random): RetryStrategy {
  return {
    acquireInitialRetryToken: async () => retryToken(0, 0),
    refreshRetryTokenForRetry: async (token, { errorType }) => {
      const retries = token.getRetryCount();
      const isFinal = errorType !== 'TRANSIENT' && errorType !== 'THROTTLING';
      // The middleware takes this for "no more", and throws the error of the request itself.
      if (isFinal || retries + 1 >= MAX_ATTEMPTS) throw new Error('no retry');
      const bound = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS[errorType] * 2 ** retries);
      return retryToken(retries + 1, random() * bound);
    },
    recordSuccess: () => undefined,
  };
}

const retryToken = (count: number, delayMs: number): RetryToken => ({
  getRetryCount: () => count,
  getRetryDelay: () => delayMs,
});
