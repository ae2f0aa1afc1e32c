/** The nine tasks of distributed execution, with real k6 (grafana/k6, docs/design/020). */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { Sandbox } from '../../support/fleet.ts';
import { startServer } from '../../support/http-server.ts';

const sandbox = await Sandbox.create();
const server = await startServer();

const TASKS = 4;
const VUS = 8;

/** A script that reports all its steps to the server. */
const lifecycle = (name: string, body: string, options = `vus: ${VUS}, iterations: ${VUS * 3}`) => `
import http from 'k6/http';
import exec from 'k6/execution';
import { sleep } from 'k6';
import { helper } from './helper.js';
const data = JSON.parse(open('./data.json'));
export const options = { ${options} };
export function setup() {
  http.post(__ENV.BASE + '/${name}/setup');
  return { token: 'abc', from: data.from, nothing: null };
}
export default function (setUp) {
  ${body}
}
export function teardown(setUp) {
  http.post(__ENV.BASE + '/${name}/teardown/' + setUp.token + '/' + setUp.from);
}
export function handleSummary(data) {
  return {
    stdout: 'iterations ' + data.metrics.iterations.values.count + ', setup_data ' + JSON.stringify(data.setup_data) + '\\n',
    'out/${name}.json': JSON.stringify(data),
    'out/${name}.bin': new Uint8Array([1, 2, 255]).buffer,
  };
}
`;

const count = (request: string) => server.requests.get(request) ?? 0;

test('archive to all, setup once, its data everywhere, one start, teardown once, handleSummary once', async () => {
  await sandbox.script('data.json', JSON.stringify({ from: 'file' }));
  await sandbox.script('helper.js', 'export const helper = (text) => text + "!";');
  const body = `
    http.post(__ENV.BASE + '/all/' + helper(setUp.token) + '/' + setUp.from + '/' + setUp.nothing + '/' + exec.vu.idInTest);
    sleep(0.2);`;
  const script = await sandbox.script('all.js', lifecycle('all', body));
  const run = await sandbox.run(script, ['--tasks', String(TASKS), '-e', `BASE=${server.url}`]);

  expect(run.code, run.stderr).toBe(0);
  expect(count('POST /all/setup')).toBe(1);
  expect(count('POST /all/teardown/abc/file')).toBe(1);
  const perVu = Array.from({ length: VUS }, (_, vu) => count(`POST /all/abc!/file/null/${vu + 1}`));
  expect(perVu.reduce((sum, n) => sum + n, 0)).toBe(VUS * 3);
  expect(Math.min(...perVu), 'every VU of every task sent something').toBeGreaterThan(0);

  expect(run.result?.verdict).toEqual({ passed: true, exitCode: 0, reasons: [] });
  expect(run.result?.tasks.map(({ state, exitCode }) => ({ state, exitCode }))).toEqual(
    Array.from({ length: TASKS }, () => ({ state: 'done', exitCode: 0 })),
  );
  for (const { startSkewMs } of run.result?.tasks ?? []) expect(startSkewMs).toBeGreaterThanOrEqual(0);
  expect(run.result?.metrics.iterations?.values.count).toBe(VUS * 3);
  // The requests of setup and teardown belong to the run.
  expect(run.result?.metrics.http_reqs?.values.count).toBe(VUS * 3 + 2);

  const said = [...run.stdout.matchAll(/^iterations (\d+), setup_data (.*)$/gm)];
  expect(said).toHaveLength(1);
  expect(said[0]?.[1]).toBe(String(VUS * 3));
  // k6 hands objects over as Go maps: their keys come in any order.
  expect(JSON.parse(said[0]?.[2] ?? '')).toEqual({ token: 'abc', from: 'file', nothing: null });
  const data = JSON.parse(await readFile(sandbox.path('out/all.json'), 'utf8'));
  expect(Object.keys(data).sort()).toEqual(['metrics', 'options', 'root_group', 'setup_data', 'state']);
  expect([...(await readFile(sandbox.path('out/all.bin')))]).toEqual([1, 2, 255]);
});

test('one task that aborts stops all; teardown and handleSummary still run, once', async () => {
  const body = `
    if (exec.vu.idInTest === 1) { sleep(0.5); exec.test.abort('enough'); }
    sleep(60);`;
  const script = await sandbox.script('abort.js', lifecycle('abort', body, `vus: ${VUS}, duration: '60s'`));
  const run = await sandbox.run(script, ['--tasks', String(TASKS), '-e', `BASE=${server.url}`]);

  expect(run.code, run.stderr).toBe(108);
  expect(run.result?.verdict.reasons[0]).toContain('enough');
  expect(run.result?.tasks.filter(({ state }) => state === 'stopped')).toHaveLength(TASKS - 1);
  expect(count('POST /abort/setup')).toBe(1);
  expect(count('POST /abort/teardown/abc/file')).toBe(1);
  expect(existsSync(sandbox.path('out/abort.json'))).toBe(true);
});

test('abortOnFail judges the merged data while the test runs', async () => {
  // Each task alone has a rate of 0 or of 1 over all its samples; only merged it is a quarter.
  const script = await sandbox.script(
    'threshold.js',
    `
import exec from 'k6/execution';
import { sleep } from 'k6';
import { Counter } from 'k6/metrics';
const seen = new Counter('seen');
export const options = {
  vus: 4, duration: '60s',
  thresholds: { seen: [{ threshold: 'count<3', abortOnFail: true, delayAbortEval: '1s' }] },
};
export default function () { seen.add(1); sleep(100); }
`,
  );
  const run = await sandbox.run(script, ['--tasks', '4']);
  expect(run.code, run.stderr).toBe(99);
  expect(run.result?.stop).toMatchObject({ kind: 'threshold', exitCode: 99 });
  expect(run.result?.metrics.seen).toMatchObject({
    values: { count: 4 },
    thresholds: [{ source: 'count<3', ok: false }],
  });
});
