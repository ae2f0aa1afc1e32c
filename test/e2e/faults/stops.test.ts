import { describe, expect, it } from 'vitest';
import { runKeys } from '../../../core/contract/keys.ts';
import { eventually, Sandbox } from '../../support/fleet.ts';
import { startServer } from '../../support/http-server.ts';
import { processesIn, StartedRun } from './started-run.ts';

const sandbox = await Sandbox.create();
const server = await startServer();
const hits = (path: string) => server.requests.get(`GET ${path}`) ?? 0;

/** A script that runs for longer than any test waits, with setup, teardown and handleSummary. */
const endless = (path: string, more = '', iteration = '') => `
import http from 'k6/http';
import exec from 'k6/execution';
import { sleep } from 'k6';
export const options = { vus: 2, duration: '5m' };
${more}
export function setup() { http.get('${server.url}/${path}-setup'); return 1; }
export default function () { http.get('${server.url}/${path}'); ${iteration} sleep(0.05); }
export function teardown() { http.get('${server.url}/${path}-teardown'); }
export function handleSummary(data) { return { stdout: 'handled ' + data.metrics.http_reqs.values.count + '\\n' }; }
`;

/** All that must be true of a run that has ended in order, whatever stopped it. */
async function expectOrderlyEnd(run: StartedRun, path: string, stdout: string): Promise<void> {
  const result = await run.result();
  expect(hits(`${path}-teardown`)).toBe(1);
  expect(stdout).toContain(`handled ${result.metrics.http_reqs?.values.count}`);
  expect(result.tasks.map(({ lost }) => lost)).toEqual([null, null]);
  // An iteration that is cut short may have sent its request without k6 counting it.
  const sent = hits(path) + hits(`${path}-setup`) + hits(`${path}-teardown`);
  expect(sent - (result.metrics.http_reqs?.values.count ?? 0)).toBeLessThanOrEqual(2);
  await run.untilNoProcesses();
}

describe.concurrent('a signal', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s stops the run gracefully, with teardown and summary',
    async (signal) => {
      const path = signal.toLowerCase();
      const run = await StartedRun.start(sandbox, path, endless(path), ['--tasks', '2']);
      await eventually('load', async () => hits(`/${path}`) > 10);
      run.child.kill(signal);

      const { code, stdout, stderr } = await run.ended;

      expect(code).toBe(105);
      expect(stderr).toContain('press Ctrl-C again to stop at once');
      expect((await run.result()).verdict.reasons).toEqual([
        `test run was aborted by ${signal === 'SIGINT' ? 'Ctrl-C' : signal}`,
      ]);
      await expectOrderlyEnd(run, `/${path}`, stdout);
    },
  );

  it('twice stops everything at once', async () => {
    // An iteration that does not listen to anybody: only force ends it before its time.
    const run = await StartedRun.start(sandbox, 'twice', endless('twice', '', 'for (;;);'), ['--tasks', '2']);
    await eventually('load', async () => hits('/twice') === 2);
    run.child.kill('SIGINT');
    await run.until('stopping');
    run.child.kill('SIGINT');

    const { code, stderr } = await run.ended;

    expect(code).toBe(105);
    expect(stderr.trim().split('\n').at(-1)).toBe(
      `k6-fleet: stopped at once, without a result; to get one from the last checkpoint: k6-fleet resume ${run.id} --store ${run.storeDir}`,
    );
    expect(await run.k6()).toEqual([]);
    await run.untilNoProcesses();
    expect(await run.store.get(runKeys(run.id).result)).toBeNull();
    expect(hits('/twice-teardown')).toBe(0);
  });

  it('in setup() ends it, and there is no teardown', async () => {
    const long = endless('in-setup').replace('return 1;', 'sleep(300);');
    const run = await StartedRun.start(sandbox, 'in-setup', long, ['--tasks', '2']);
    await eventually('setup()', async () => hits('/in-setup-setup') === 1);
    run.child.kill('SIGINT');

    const { code, stdout, stderr } = await run.ended;

    expect(code).toBe(105);
    expect(hits('/in-setup-teardown')).toBe(0);
    expect(hits('/in-setup')).toBe(0);
    expect(stderr).toContain('k6-fleet: interrupting setup(); no load and no teardown() follow; press Ctrl-C again');
    expect(stdout).toContain('handled 1');
    expect((await run.result()).tasks.map(({ state }) => state)).toEqual(['not-started', 'not-started']);
    await run.untilNoProcesses();
  });

  it('in teardown() lets it run to its end', async () => {
    const long = endless('in-td')
      .replace("duration: '5m'", 'iterations: 2')
      .replace("-teardown');", `-teardown'); sleep(3); http.get('${server.url}/in-td-torn-down');`);
    const run = await StartedRun.start(sandbox, 'in-td', long, ['--tasks', '2']);
    await eventually('teardown()', async () => hits('/in-td-teardown') === 1);
    run.child.kill('SIGINT');

    const { code, stdout, stderr } = await run.ended;

    expect(code).toBe(105);
    expect(stderr).toContain(
      'k6-fleet: teardown() is running to its end, then the run ends; press Ctrl-C again to stop at once\n',
    );
    expect(hits('/in-td-torn-down')).toBe(1);
    expect(stdout).toContain('handled 5'); // setup, two iterations and teardown with two requests
    expect((await run.result()).verdict.reasons).toEqual(['test run was aborted by Ctrl-C']);
    await run.untilNoProcesses();
  });

  it('in handleSummary() interrupts it', async () => {
    const long = endless('in-summary')
      .replace("duration: '5m'", 'iterations: 2')
      .replace(
        'handleSummary(data) {',
        `handleSummary(data) { http.get('${server.url}/in-summary-summary'); for (;;);`,
      );
    const run = await StartedRun.start(sandbox, 'in-summary', long, ['--tasks', '2']);
    await eventually('handleSummary()', async () => hits('/in-summary-summary') === 1);
    run.child.kill('SIGINT');

    const { code, stdout, stderr } = await run.ended;

    expect(code).toBe(105);
    expect(stderr).toContain('k6-fleet: interrupting handleSummary(); press Ctrl-C again to stop at once\n');
    expect(stdout).not.toContain('handled');
    expect((await run.result()).warnings).toContain(
      'handleSummary() was interrupted, so the summary is the one of k6-fleet',
    );
    await run.untilNoProcesses();
  });

  it('ends a launch, though the script never lets k6 get ready', async () => {
    const run = await StartedRun.start(sandbox, 'launch', endless('launch', 'if (__VU > 0) for (;;);'), [
      '--tasks',
      '2',
    ]);
    await eventually('both k6', async () => (await run.k6()).length === 2);
    run.child.kill('SIGINT');

    const { code } = await run.ended;

    expect(code).toBe(105);
    expect((await run.result()).run.startedAt).toBeNull();
    await run.untilNoProcesses();
  });

  it('ends k6 while it reads a script that never ends', async () => {
    const script = await sandbox.script('endless-init.js', 'for (;;); export default function () {}');
    const { child, ended } = sandbox.start(['run', script]);
    await eventually('k6 archive', async () =>
      (await processesIn(script)).some(({ command }) => / archive /.test(command)),
    );
    child.kill('SIGINT');

    const { code, stderr } = await ended;

    expect(code).toBe(105);
    expect(stderr).toBe('k6-fleet: stopped by Ctrl-C before the run started\n');
    expect(await processesIn(script)).toEqual([]);
  });
});

describe.concurrent('stop', () => {
  it('from another process stops the run gracefully', async () => {
    const run = await StartedRun.start(sandbox, 'stopped', endless('stopped'), ['--tasks', '2']);
    await eventually('load', async () => hits('/stopped') > 10);

    const asked = await run.cli('stop');
    const again = await run.cli('stop');
    const { code, stdout } = await run.ended;

    expect([asked.code, asked.stderr]).toEqual([0, `run ${run.id}: stopping the run gracefully\n`]);
    expect(again.code === 0 || again.stderr.includes('has ended already')).toBe(true);
    expect(code).toBe(105);
    expect((await run.result()).stop).toMatchObject({
      kind: 'requested',
      message: 'test run was aborted by k6-fleet stop',
    });
    await expectOrderlyEnd(run, '/stopped', stdout);
  });
});

describe.concurrent('an abort', () => {
  it('by one task stops all', async () => {
    const abort = `if (exec.vu.idInTest === 2 && exec.vu.iterationInScenario === 5) exec.test.abort('enough');`;
    const run = await StartedRun.start(sandbox, 'abort', endless('abort', '', abort), ['--tasks', '2']);

    const { code, stdout } = await run.ended;

    expect(code).toBe(108);
    const result = await run.result();
    expect(result.stop?.kind).toBe('aborted');
    expect(result.verdict.reasons[0]).toContain('enough');
    await expectOrderlyEnd(run, '/abort', stdout);
  });

  it('by a threshold comes from merged data, which no task alone would break, and not before its delay', async () => {
    // 60 requests a VU, one VU a task: each task stays below 100, the run does not.
    const script = `
import http from 'k6/http';
import { sleep } from 'k6';
export const options = {
  vus: 2, duration: '5m',
  thresholds: { http_reqs: [{ threshold: 'count<100', abortOnFail: true, delayAbortEval: '4s' }] },
};
export default function () { if (__ITER < 60) http.get('${server.url}/merged'); else sleep(0.5); }
export function teardown() { http.get('${server.url}/merged-teardown'); }
export function handleSummary(data) { return { stdout: 'handled ' + data.metrics.http_reqs.values.count + '\\n' }; }
`;
    const run = await StartedRun.start(sandbox, 'merged', script, ['--tasks', '2']);

    const { code, stdout } = await run.ended;

    expect(code).toBe(99);
    const result = await run.result();
    expect(result.stop).toMatchObject({ kind: 'threshold', exitCode: 99 });
    expect(Math.max(...result.tasks.map(({ requests }) => requests))).toBeLessThan(100);
    expect(result.run.testRunDurationMs).toBeGreaterThanOrEqual(4000);
    await expectOrderlyEnd(run, '/merged', stdout);
  });
});
