import { describe, expect, it } from 'vitest';
import { eventually, Sandbox } from '../../support/fleet.ts';
import { startServer } from '../../support/http-server.ts';
import { StartedRun } from './started-run.ts';

const sandbox = await Sandbox.create();
// The first setup() of a run waits here for ever; the next one continues.
const server = await startServer(({ url }) => url?.endsWith('-setup') === true && hits(url) === 1);
const hits = (path: string) => server.requests.get(`GET ${path}`) ?? 0;

/** Two VUs, one in each task, that send some requests a second until time is up. */
const steady = (path: string, seconds: number, more = '') => `
import http from 'k6/http';
import { sleep } from 'k6';
export const options = { vus: 2, duration: '${seconds}s' };
${more}
export default function () { http.get('${server.url}/${path}'); sleep(0.02); }
`;

/** Twenty iterations, after a setup() that asks the server. */
const withSetup = (path: string) => `
import http from 'k6/http';
import { sleep } from 'k6';
export const options = { vus: 2, iterations: 20 };
export function setup() { http.get('${server.url}/${path}-setup'); return 7; }
export default function (data) { if (data !== 7) throw new Error('no data'); http.get('${server.url}/${path}'); }
`;

describe.concurrent('before the start', () => {
  it('replaces a k6 that is killed before it is ready', async () => {
    const slow = `const until = Date.now() + (__VU > 0 ? 1500 : 0); while (Date.now() < until);`;
    const run = await StartedRun.start(sandbox, 'early', `${slow}\n${withSetup('early').replace('-setup', '')}`, [
      '--tasks',
      '2',
    ]);
    const victim = await eventually('the k6 of task 0', async () => (await run.k6('/tasks/0/0/'))[0]);
    process.kill(victim.pid, 'SIGKILL');

    const { code, stderr } = await run.ended;

    expect(stderr).not.toMatch(/internal error/);
    expect(code).toBe(0);
    const result = await run.result();
    expect(result.warnings).toEqual([
      expect.stringMatching(/^task 0 was lost before the start and replaced: k6 exited/),
    ]);
    expect(result.tasks.map(({ attempts, state }) => [attempts, state])).toEqual([
      [2, 'done'],
      [1, 'done'],
    ]);
    expect(result.metrics.iterations?.values.count).toBe(20);
    expect(hits('/early')).toBe(21);
    await run.untilNoProcesses();
  });

  it('runs setup() again if its k6 is killed, and the run continues', async () => {
    const run = await StartedRun.start(sandbox, 'setup-k6', withSetup('setup-k6'), ['--tasks', '2']);
    await eventually('setup()', async () => hits('/setup-k6-setup') === 1);
    const [victim] = await run.k6('--linger');
    process.kill(victim?.pid ?? 0, 'SIGKILL');

    const { code } = await run.ended;

    expect(code).toBe(0);
    const result = await run.result();
    expect(hits('/setup-k6-setup')).toBe(2);
    expect(result.warnings).toEqual(['setup() did not complete, so it ran again: k6 was killed by SIGKILL']);
    expect(hits('/setup-k6')).toBe(20);
    await run.untilNoProcesses();
  });

  it('replaces the task that is lost in setup(), runs setup() again, and the run continues', async () => {
    const run = await StartedRun.start(sandbox, 'setup-task', withSetup('setup-task'), ['--tasks', '2']);
    await eventually('setup()', async () => hits('/setup-task-setup') === 1);
    const host = (await run.control())?.job?.task ?? -1;
    process.kill((await run.untilTask(host, 'ready')).pid, 'SIGKILL');

    const { code } = await run.ended;

    expect(code).toBe(0);
    const result = await run.result();
    expect(hits('/setup-task-setup')).toBe(2);
    expect(result.tasks[host]?.attempts).toBe(2);
    expect(result.warnings).toEqual([
      expect.stringContaining(
        `task ${host} was lost before the start and replaced: its worker ended with signal SIGKILL`,
      ),
      'setup() did not complete, so it ran again: the task that ran it was lost',
    ]);
    expect(hits('/setup-task')).toBe(20);
    await run.untilNoProcesses();
  });
});

describe.concurrent('under load', () => {
  it('counts a k6 that is killed, keeps what it measured, and fails the run', async () => {
    // The task that is killed has run setup(), whose log is no cause of anything.
    const script = steady('killed', 6, "export function setup() { console.error('from setup'); }");
    const run = await StartedRun.start(sandbox, 'killed', script, ['--tasks', '2']);
    await run.untilShipped(0, 4);
    const [victim] = await run.k6('/tasks/0/0/');
    process.kill(victim?.pid ?? 0, 'SIGKILL');

    const { code, stdout } = await run.ended;

    expect(code).toBe(121);
    const result = await run.result();
    expect(result.verdict.reasons).toEqual([
      expect.stringMatching(/^1 of 2 tasks lost, --max-lost allows 0: task 0 \(k6 was killed by SIGKILL\)$/),
    ]);
    expect(stdout).toContain('1 of 2 tasks lost');
    const [dead, alive] = result.tasks;
    expect(alive?.state).toBe('done');
    expect(dead?.state).toBe('lost');
    expect(dead?.lost?.atMs).toBeGreaterThan(1000);
    expect(dead?.lost?.missingShare).toBeGreaterThan(0);
    expect(dead?.lost?.missingShare).toBeLessThan(0.5);
    expect(dead?.requests).toBeGreaterThan(10);
    expect((alive?.requests ?? 0) + (dead?.requests ?? 0)).toBe(result.metrics.http_reqs?.values.count);
    // Only what it measured since its last window is missing.
    const missing = hits('/killed') - (result.metrics.http_reqs?.values.count ?? 0);
    expect(missing).toBeGreaterThanOrEqual(0);
    expect(missing).toBeLessThan(150);
    await run.untilNoProcesses();
  });

  it('allows as many losses as --max-lost says, and ends a k6 whose worker is killed', async () => {
    const script = steady('orphan', 6, 'export function teardown() {}');
    const run = await StartedRun.start(sandbox, 'orphan', script, ['--tasks', '2', '--max-lost', '1']);
    await run.untilShipped(0, 2);
    const [k6] = await run.k6('/tasks/0/0/');
    process.kill((await run.untilTask(0, 'running')).pid, 'SIGKILL');

    await eventually('the end of the orphan', async () => {
      return (await run.k6('/tasks/0/0/')).every(({ pid }) => pid !== k6?.pid);
    });
    const stillRuns = (await run.control())?.phase;
    const { code } = await run.ended;

    expect(stillRuns).toBe('running'); // it ended by itself, not with the run
    expect(code).toBe(0);
    const result = await run.result();
    expect(result.tasks.map(({ state }) => state)).toEqual(['lost', 'done']);
    expect(result.tasks[0]?.lost?.reason).toContain('signal SIGKILL');
    expect(result.tasks[0]?.requests).toBeGreaterThan(10);
    expect(result.verdict.passed).toBe(true);
    await run.untilNoProcesses();
  });

  it('ends where every task is lost, and still runs teardown() and handleSummary() on another', async () => {
    const script = steady(
      'all-lost',
      20,
      `export function teardown() { http.get('${server.url}/all-lost-teardown'); }
       export const handleSummary = (data) => ({ stdout: 'sum of ' + data.metrics.http_reqs.values.count });`,
    );
    const run = await StartedRun.start(sandbox, 'all-lost', script, ['--tasks', '2', '-q']);
    await Promise.all([0, 1].map((task) => run.untilShipped(task)));
    for (const task of [0, 1]) process.kill((await run.untilTask(task, 'running')).pid, 'SIGKILL');

    const { code, stdout } = await run.ended;

    expect(code).toBe(121);
    expect(hits('/all-lost-teardown')).toBe(1);
    const result = await run.result();
    expect(stdout).toContain(`sum of ${result.metrics.http_reqs?.values.count}`);
    expect(result.tasks.map(({ state }) => state)).toEqual(['lost', 'lost']);
    await run.untilNoProcesses();
  });

  it('takes a SIGTERM to a worker for a loss that is shipped to the end', async () => {
    const run = await StartedRun.start(sandbox, 'spot', steady('spot', 4), ['--tasks', '2', '--max-lost', '1']);
    await run.untilShipped(0);
    process.kill((await run.untilTask(0, 'running')).pid, 'SIGTERM');

    const { code } = await run.ended;

    expect(code).toBe(0);
    const result = await run.result();
    expect(result.tasks.map(({ state }) => state)).toEqual(['lost', 'done']);
    // An iteration that is cut short has sent its request, and k6 has counted it or not.
    expect(hits('/spot') - (result.metrics.http_reqs?.values.count ?? 0)).toBeLessThanOrEqual(1);
    await run.untilNoProcesses();
  });
});
