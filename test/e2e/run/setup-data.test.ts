/** What setup() returns arrives in every VU, whatever its size, or the run fails with the reason. */

import { mkdir, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runKeys } from '../../../core/contract/keys.ts';
import { eventually, Sandbox } from '../../support/fleet.ts';
import { startServer } from '../../support/http-server.ts';
import { StartedRun } from '../faults/started-run.ts';

const sandbox = await Sandbox.create();
/** Requests that are answered when the test says so. */
const held: ServerResponse[] = [];
const server = await startServer((request, response) => {
  const isHeld = request.url === '/held';
  if (isHeld) held.push(response);
  return isHeld;
});
const hits = (path: string) => server.requests.get(`GET ${path}`) ?? 0;

/** Waits for the held request, does something, and lets the script continue. */
async function whileHeld(act: () => Promise<unknown>): Promise<void> {
  const response = await eventually('the held request', async () => held.pop());
  await act();
  response.end();
}

test('90 MB of setup data arrive in every task, in teardown and in handleSummary', async () => {
  const script = await sandbox.script(
    'large.js',
    `
import crypto from 'k6/crypto';
import exec from 'k6/execution';
export const options = { scenarios: { default: { executor: 'per-vu-iterations', vus: 2, iterations: 1 } } };
const BYTES = 90 * 1024 * 1024;
export function setup() { return ['<&>'.padEnd(BYTES, 'k6'), crypto.md5('<&>'.padEnd(BYTES, 'k6'), 'hex')]; }
const isWhole = ([text, md5]) => text.length === BYTES && crypto.md5(text, 'hex') === md5;
export default function (data) { if (!isWhole(data)) exec.test.abort('the setup data was changed'); }
export function teardown(data) { if (!isWhole(data)) throw new Error('the setup data was changed'); }
export function handleSummary({ setup_data }) { return { stdout: 'whole: ' + isWhole(setup_data) }; }
`,
  );

  const { code, stdout, stderr, result } = await sandbox.run(script, ['--tasks', '2']);

  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/^whole: true/);
  expect(result?.tasks.map(({ iterations }) => iterations)).toEqual([1, 1]);
});

/** A script with two VUs that setup() lets wait. */
const script = (path: string) => `
import http from 'k6/http';
export const options = { vus: 2, iterations: 2 };
export function setup() { http.get('${server.url}/held'); return { token: 1 }; }
export default function (data) { http.get('${server.url}/${path}'); }
export function teardown() { http.get('${server.url}/${path}-teardown'); }
`;

test('setup data that cannot be stored fails the run, and no VU runs without it', async () => {
  const run = await StartedRun.start(sandbox, 'unwritable', script('unwritable'), ['--tasks', '2']);
  // A folder in the place of the file.
  await whileHeld(() => mkdir(join(run.storeDir, runKeys(run.id).setupData)));

  const { code, stderr } = await run.ended;

  expect(code, stderr).toBe(122);
  const { stop } = await run.result();
  expect(stop).toMatchObject({ kind: 'setup', exitCode: 122 });
  expect(stop?.message).toMatch(
    /^setup\(\) ended, but what it returned cannot be passed to the tasks: E.*setup-data\.json/,
  );
  expect([hits('/unwritable'), hits('/unwritable-teardown')]).toEqual([0, 0]);
  await run.untilNoProcesses();
});

test('setup data that is gone by the time of teardown fails the run', async () => {
  const lost = script('gone').replace(`'${server.url}/gone');`, `'${server.url}/held');`);
  const run = await StartedRun.start(sandbox, 'gone', lost, ['--tasks', '1']);
  await whileHeld(async () => undefined); // setup()
  await whileHeld(() => rm(join(run.storeDir, runKeys(run.id).setupData)));
  await whileHeld(async () => undefined);

  const { code, stderr } = await run.ended;

  expect(code, stderr).toBe(121);
  expect((await run.result()).verdict.reasons).toEqual([
    `teardown() failed: ${runKeys(run.id).setupData} is missing, though setup() has ended`,
  ]);
  expect(hits('/gone-teardown')).toBe(0);
  await run.untilNoProcesses();
});
