import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { K6_SETTINGS, WorkerEnv } from '../../../core/contract/env.ts';
import { parseTarget } from '../../../core/scaling/target-options.ts';
import { type Demo, startDemo } from '../../../demo/server.ts';

const K6 = process.env[WorkerEnv.k6] ?? '.cache/k6/k6';
const SCRIPTS = ['api-load-test', 'ai-query-test', 'connection-pool-test', 'spike-test', 'custom-metrics-test'];

/** Runs k6; what it wrote and its exit code. */
async function k6(
  args: string[],
  env: Record<string, string> = {},
): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(K6, args, {
    env: { PATH: process.env.PATH, ...K6_SETTINGS, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, out, err };
}

/** The script's options as k6 reads them. */
async function inspect(script: string, env: Record<string, string> = {}) {
  const { code, out, err } = await k6(['inspect', '--include-system-env-vars', `k6-scripts/${script}.js`], env);
  expect(err).toBe('');
  expect(code).toBe(0);
  return JSON.parse(out);
}

describe('under plain k6 run', () => {
  let demo: Demo;
  beforeAll(async () => {
    demo = await startDemo();
  });
  afterAll(() => demo.close());

  it.concurrent.each(SCRIPTS)('%s passes against the demo', async (script) => {
    const env = { BASE_URL: demo.url, VUS_SCALE: '0.02', DURATION_SCALE: '0.005' };

    const { code, out, err } = await k6(['run', '--quiet', `k6-scripts/${script}.js`], env);

    expect(err).toBe('');
    expect(code).toBe(0);
    expect(out).toMatch(/http_reqs\.+: [1-9]/);
    expect(out).not.toMatch(/✗ (status|has|AI|database)/); // how long they took is the machine's affair
  });
});

describe('against a target that answers with an error page', () => {
  const broken = createServer((_, response) =>
    response.writeHead(503, { 'content-type': 'text/html' }).end('<h1>503</h1>'),
  );
  beforeAll(() => new Promise<void>((resolve) => broken.listen(0, '127.0.0.1', resolve)));
  afterAll(() => broken.close());

  it.concurrent.each(['api-load-test', 'ai-query-test'])('%s fails its checks without an exception', async (script) => {
    const env = { BASE_URL: `http://127.0.0.1:${(broken.address() as AddressInfo).port}` };

    const args = ['run', '--quiet', '--vus=1', '--iterations=1', '--no-thresholds', `k6-scripts/${script}.js`];
    const { code, out, err } = await k6(args, env);

    expect(err).toBe('');
    expect(code).toBe(0);
    expect(out).toMatch(/✗ has/);
  });
});

describe('the environment', () => {
  it('leaves load and durations as they were written', async () => {
    const { stages } = await inspect('spike-test');

    expect(stages).toEqual([
      { duration: '10s', target: 10 },
      { duration: '10s', target: 1000 },
      { duration: '10s', target: 10 },
    ]);
  });

  it('scales users and durations, and holds the peak of the spike', async () => {
    const { stages } = await inspect('spike-test', { VUS_SCALE: '0.1', DURATION_SCALE: '0.5', SPIKE_HOLD: '2m' });

    expect(stages).toEqual([
      { duration: '5s', target: 1 },
      { duration: '5s', target: 100 },
      { duration: '2m0s', target: 100 },
      { duration: '5s', target: 1 },
    ]);
  });

  it('refuses a scale that is none', async () => {
    const { code, err } = await k6(['inspect', '-e', 'VUS_SCALE=none', 'k6-scripts/spike-test.js']);

    expect(code).not.toBe(0);
    expect(err).toContain('VUS_SCALE is none: give a number above 0, such as 0.1');
  });

  it.each([
    [{}, null, 360_000],
    [{ TARGET_OBSERVE: 'demo:http://127.0.0.1:8080', SCALE_OUT_WITHIN: '20s' }, 'demo:http://127.0.0.1:8080', 20_000],
  ])('declares what is expected of the target: %j', async (env, observe, scaleOutWithinMs) => {
    const { ext } = await inspect('spike-test', env as Record<string, string>);

    expect(ext.fleet.tasks).toBe(4);
    expect(parseTarget(ext.fleet.target)).toEqual({
      observe,
      scaleOutWithinMs,
      minPeakTasks: 2,
      maxErrorRate: 0.1,
      recoverWithin: { p95Ms: 1000, withinMs: 480_000 },
    });
  });
});
