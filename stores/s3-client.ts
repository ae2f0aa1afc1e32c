/** Separate from s3.ts and loaded on demand: loading the SDK takes 0.1 s of CPU in every task. */
import { S3 } from '@aws-sdk/client-s3';
import type { TimedResponse } from '../core/clock-bounds.ts';
import { MAX_ATTEMPTS, patientRetries } from './s3-retries.ts';

/** Requests without a socket wait in the agent's queue: a coordinator may send a thousand at once. */
const SOCKETS = 128;
const CONNECT_TIMEOUT_MS = 3000;
/**
 * A request without a byte in either direction for so long is retried, ms. S3 responds in 0.1 to 0.2 s. There is no
 * limit for a whole request, since an archive may take minutes to upload.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html
 */
const IDLE_TIMEOUT_MS = 5000;

/**
 * A client whose region, credentials and endpoint come from the environment, as is usual for AWS.
 * @param onAnswer called for each response that has the server's time, errors included
 */
export function s3Client(onAnswer: (answer: TimedResponse) => void, env: NodeJS.ProcessEnv = process.env): S3 {
  const agent = { keepAlive: true, maxSockets: SOCKETS };
  const client = new S3({
    maxAttempts: MAX_ATTEMPTS,
    retryStrategy: patientRetries(),
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: IDLE_TIMEOUT_MS,
      // No warning: a thousand requests in the queue are intended.
      socketAcquisitionWarningTimeout: 2 ** 31 - 1,
      httpAgent: agent,
      httpsAgent: agent,
    },
    forcePathStyle: isLoopback(env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL),
  });
  client.middlewareStack.add(
    (next) => async (args) => {
      const sentAt = Date.now();
      const result = await next(args);
      const date = Date.parse((result.response as { headers?: Record<string, string> }).headers?.date ?? '');
      onAnswer({ sentAt, receivedAt: Date.now(), date });
      return result;
    },
    // Innermost: sees every attempt, before a response turns into an error.
    { step: 'deserialize', priority: 'low', name: 'timeOfAnswer' },
  );
  return client;
}

/** Whether the endpoint is an emulator on this machine: `bucket.127.0.0.1` does not resolve. */
export function isLoopback(endpoint: string | undefined): boolean {
  if (endpoint === undefined || !URL.canParse(endpoint)) return false;
  const { hostname } = new URL(endpoint);
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.[\d.]+$/.test(hostname);
}
