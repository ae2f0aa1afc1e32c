/** Apart from s3.ts and loaded only when it is needed: to load the SDK takes 0.1 s of CPU, in every task. */
import { S3 } from '@aws-sdk/client-s3';
import type { TimedResponse } from '../core/clock-bounds.ts';
import { MAX_ATTEMPTS, patientRetries } from './retries.ts';

/** A coordinator of 1,000 tasks asks for all of them at once; what has no socket yet waits in the agent's queue. */
const SOCKETS = 128;
const CONNECT_TIMEOUT_MS = 3000;
/**
 * Without a byte in either direction for so long, a request is given up and tried again. S3 answers in 0.1 to 0.2 s; no
 * limit for the request as a whole, for an archive may take minutes to send.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html
 */
const IDLE_TIMEOUT_MS = 5000;

/**
 * A client whose region, credentials and endpoint come from the environment, as is usual for AWS.
 * @param onAnswer called for each answer that tells the server's time, refusals too
 */
export function s3Client(onAnswer: (answer: TimedResponse) => void, env: NodeJS.ProcessEnv = process.env): S3 {
  const agent = { keepAlive: true, maxSockets: SOCKETS };
  const client = new S3({
    maxAttempts: MAX_ATTEMPTS,
    retryStrategy: patientRetries(),
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: IDLE_TIMEOUT_MS,
      // A thousand in the queue is how it is meant: no warning.
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
    // Innermost: every try counts, and what becomes an error has not become one yet.
    { step: 'deserialize', priority: 'low', name: 'timeOfAnswer' },
  );
  return client;
}

/** An emulator on this machine: `bucket.127.0.0.1` is no name. */
export function isLoopback(endpoint: string | undefined): boolean {
  if (endpoint === undefined || !URL.canParse(endpoint)) return false;
  const { hostname } = new URL(endpoint);
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.[\d.]+$/.test(hostname);
}
