import { describe, expect, it } from 'vitest';
import { isLoopback } from '../../../stores/s3-client.ts';
import { MAX_ATTEMPTS, patientRetries } from '../../../stores/s3-retries.ts';

/** The longest waits before each retry, ms, until there is none any more. */
async function waits(errorType: 'TRANSIENT' | 'THROTTLING' | 'CLIENT_ERROR', random = 1): Promise<number[]> {
  const retries = patientRetries(() => random);
  const found: number[] = [];
  let token = await retries.acquireInitialRetryToken('');
  for (;;) {
    const next = await retries.refreshRetryTokenForRetry(token, { errorType }).catch(() => null);
    if (next === null) return found;
    token = next;
    found.push(token.getRetryDelay());
  }
}

describe('patientRetries', () => {
  it('waits longer each time, in all less than half a lease of 60 s', async () => {
    expect(await waits('TRANSIENT')).toEqual([200, 400, 800, 1600, 3200, 6400]);
    expect(await waits('THROTTLING')).toEqual([500, 1000, 2000, 4000, 8000, 8000]);
    expect(await waits('TRANSIENT')).toHaveLength(MAX_ATTEMPTS - 1);
  });

  it('spreads the waits over all the time up to that', async () => {
    expect(await waits('THROTTLING', 0.25)).toEqual([125, 250, 500, 1000, 2000, 2000]);
  });

  it('does not retry what will not get better', async () => {
    expect(await waits('CLIENT_ERROR')).toEqual([]);
  });

  it('has no quota that many failures at once would use up', async () => {
    const retries = patientRetries(() => 0);
    const token = await retries.acquireInitialRetryToken('');

    const tokens = await Promise.all(
      Array.from({ length: 1000 }, () => retries.refreshRetryTokenForRetry(token, { errorType: 'TRANSIENT' })),
    );

    expect(tokens).toHaveLength(1000);
  });
});

it.each([
  ['http://127.0.0.1:4566', true],
  ['http://localhost:4566', true],
  ['http://[::1]:4566', true],
  ['https://s3.eu-west-1.amazonaws.com', false],
  ['http://localhost.example.com', false],
  ['no URL', false],
  [undefined, false],
])('knows whether an endpoint is on this machine: %s', (endpoint, expected) => {
  expect(isLoopback(endpoint)).toBe(expected);
});
