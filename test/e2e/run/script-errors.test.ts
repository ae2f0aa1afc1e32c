import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, expect, it } from 'vitest';
import { Sandbox } from '../../support/fleet.ts';

const sandbox = await Sandbox.create();
const server = createServer((_, response) => response.writeHead(503).end());
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
afterAll(() => server.close());
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

it('counts what goes wrong in every iteration exactly, shows the console, and says so in the first line', async () => {
  const script = await sandbox.script(
    'wrong.js',
    `import http from 'k6/http';
export const options = { scenarios: { all: { executor: 'shared-iterations', vus: 4, iterations: 200 } } };
export default function () {
  console.log('iteration ' + __ITER);
  http.get('http://127.0.0.1:1/items/' + __ITER);
  http.get('${url}/items/' + __ITER);
  throw new Error('item ' + __ITER + ' is gone');
}`,
  );
  const { code, stdout, stderr, result } = await sandbox.run(script, ['--tasks', '2']);
  expect(code).toBe(0);
  expect(stdout).toContain('PASSED  exit code 0  — but 200 of 200 iterations threw an exception');
  expect(result?.errors.map(({ message, source, count, taskCount }) => [message, source, count, taskCount])).toEqual([
    ['Error: item <n> is gone', 'exception', 200, 2],
    ['Request Failed: Get "<url>": dial tcp <n>: connect: connection refused', 'request', 200, 2],
  ]);
  expect(result?.failedRequests).toEqual([
    { status: '0', errorCode: '1212', count: 200 },
    { status: '503', errorCode: '1503', count: 200 },
  ]);
  expect(stderr).toMatch(/level=info msg="iteration 0" source=console task=[01]/);
  expect(stderr).toContain('of the console held back so far');
});

it('counts 20,000 exceptions, and writes only some of them to the logs of the tasks', async () => {
  const script = await sandbox.script(
    'throws.js',
    `export const options = { scenarios: { all: { executor: 'shared-iterations', vus: 4, iterations: 20000 } } };
export default function () { throw new Error('number ' + __ITER); }`,
  );
  const { result } = await sandbox.run(script, ['--tasks', '2']);
  expect(result?.errors.map(({ message, count }) => [message, count])).toEqual([['Error: number <n>', 20_000]]);
  expect(result?.notes).toEqual(['20000 of 20000 iterations threw an exception', 'no request was sent']);
  for (const task of [0, 1]) {
    const path = join(sandbox.storeDir, 'runs', result?.run.id ?? '', 'tasks', String(task), '0', 'log.gz');
    const log = gunzipSync(await readFile(path)).toString();
    expect(log).toContain('Error: number 0');
    expect(log).toContain('lines of the log were held back');
    expect(log.split('\n').length).toBeLessThan(5000);
  }
});
