import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../../cli/package-root.ts';
import { localBackend } from '../../../cli/prepare/backend.ts';
import { prepare } from '../../../cli/prepare/prepared-run.ts';
import { encodeJson } from '../../../core/contract/codec.ts';
import { runKeys } from '../../../core/contract/keys.ts';
import { Coordinator } from '../../../core/run/coordinator.ts';
import { LocalFleet } from '../../../fleets/local.ts';
import { DirStore } from '../../../stores/dir.ts';
import { type Ended, eventually, k6Binary, Sandbox } from '../../support/fleet.ts';
import { startServer } from '../../support/http-server.ts';
import { processesIn, StartedRun } from './started-run.ts';

const sandbox = await Sandbox.create();
const server = await startServer();
const hits = (path: string) => server.requests.get(`GET ${path}`) ?? 0;

const ITERATIONS = 400;

/** Every iteration adds its own number, from 1: the sum shows whether any is counted twice or not at all. */
const numbered = (path: string, more = '') => `
import http from 'k6/http';
import exec from 'k6/execution';
import { sleep } from 'k6';
import { Counter, Trend } from 'k6/metrics';
const sum = new Counter('sum');
const numbers = new Trend('numbers');
export const options = { scenarios: { all: { executor: 'shared-iterations', vus: 4, iterations: ${ITERATIONS} } } };
${more}
export default function () {
  http.get('${server.url}/${path}');
  sum.add(exec.scenario.iterationInTest + 1);
  numbers.add(exec.scenario.iterationInTest + 1);
  sleep(0.04);
}
`;

const controlEtag = async (run: StartedRun) => (await run.store.getVersioned(runKeys(run.id).control))?.etag;

async function expectAllCounted(run: StartedRun, path: string): Promise<void> {
  const { metrics, tasks } = await run.result();
  expect(hits(path)).toBe(ITERATIONS);
  expect(metrics.iterations?.values.count).toBe(ITERATIONS);
  expect(metrics.sum?.values.count).toBe((ITERATIONS * (ITERATIONS + 1)) / 2);
  expect(metrics.numbers?.values).toMatchObject({ count: ITERATIONS, min: 1, max: ITERATIONS });
  expect(tasks.map(({ state }) => state)).toEqual(tasks.map(() => 'done'));
}

describe.concurrent('a coordinator that is killed', () => {
  it('is followed by one that counts nothing twice and loses nothing', async () => {
    const run = await StartedRun.start(sandbox, 'resumed', numbered('resumed'), ['--tasks', '2']);
    await eventually('half of the load', async () => hits('/resumed') > ITERATIONS / 2);
    await run.killCoordinator();

    const { code, stdout, stderr } = await run.cli('resume', ['-q']);

    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain('PASSED');
    await expectAllCounted(run, '/resumed');
    expect((await run.result()).run.legs).toBe(2);
    await run.untilNoProcesses();
  });

  it('is followed by one that finds all that was measured in the meantime', async () => {
    const run = await StartedRun.start(sandbox, 'late', numbered('late'), ['--tasks', '2']);
    await run.untilTask(0, 'running');
    await run.killCoordinator();
    await Promise.all([0, 1].map((task) => run.untilTask(task, 'done')));

    const { code } = await run.cli('resume', ['-q']);

    expect(code).toBe(0);
    await expectAllCounted(run, '/late');
    await run.untilNoProcesses();
  });

  it('may be killed again and again, at any moment from launch to result', async () => {
    const script = numbered(
      'mayfly',
      `export function setup() { http.get('${server.url}/mayfly-setup'); sleep(0.5); return { five: 5 }; }
       export function teardown(data) { http.get('${server.url}/mayfly-teardown?' + data.five); sleep(0.5); }
       export const handleSummary = (data) => ({ stdout: 'handled ' + data.metrics.iterations.values.count });`,
    );
    const run = await StartedRun.start(sandbox, 'mayfly', script, ['--tasks', '2']);
    let leg: { child: ChildProcess; ended: Promise<Ended> } = run;
    let legs = 1;
    for (; ; legs++) {
      // Each leg is killed as soon as, or some moments after, it has written control.json.
      const before = await controlEtag(run);
      await eventually(
        'a new control.json',
        async () => leg.child.exitCode !== null || (await controlEtag(run)) !== before,
      );
      await sleep((legs % 4) * 200);
      leg.child.kill('SIGKILL');
      if ((await leg.ended).signal === null) break;
      leg = sandbox.start(['resume', run.id, '--store', run.storeDir, '-q']);
    }
    const { code, stdout } = await leg.ended;

    expect(code).toBe(0);
    expect(legs).toBeGreaterThan(4);
    await expectAllCounted(run, '/mayfly');
    expect(hits('/mayfly-setup')).toBe(1);
    expect(hits('/mayfly-teardown?5')).toBe(1);
    expect(stdout).toContain(`handled ${ITERATIONS}`);
    await run.untilNoProcesses();
  });

  it('and is not replaced is missed: the tasks stop, and leave, when the lease has run out', async () => {
    const script = await sandbox.script('lease.js', numbered('lease').replace(String(ITERATIONS), '100000'));
    const { plan, archive, env } = await prepare({
      backend: localBackend,
      script,
      k6: k6Binary,
      tasks: 2,
      env: {},
      strict: true,
      timing: { leaseMs: 2500, renewMs: 500 },
    });
    const storeDir = sandbox.path('lease');
    const store = new DirStore(storeDir);
    const keys = runKeys(plan.id);
    await store.put(keys.archive, archive);
    await store.put(keys.plan, encodeJson(plan));
    let dead = false;
    const coordinator = () =>
      new Coordinator({
        plan,
        store,
        fleet: new LocalFleet({
          run: plan.id,
          storeDir,
          workerFile: `${packageRoot}/dist/worker.js`,
          k6Binary,
          env,
        }),
        observer: null,
        clock: { now: Date.now, sleep: (ms) => (dead ? new Promise(() => {}) : sleep(ms)) },
        compression: { zip: (text) => promisify(gzip)(text), unzip: promisify(gunzip) },
      });
    void coordinator().run();
    await eventually('load', async () => hits('/lease') > 20);
    dead = true;

    await eventually('the workers leave', async () => (await processesIn(storeDir)).length === 0);
    dead = false;
    const result = await coordinator().run();

    expect(result.verdict.exitCode).toBe(121);
    expect(result.verdict.reasons).toEqual([
      expect.stringContaining('task 0 (k6 was stopped: it stopped by itself, since no coordinator renewed its lease)'),
    ]);
    expect(hits('/lease') - (result.metrics.http_reqs?.values.count ?? 0)).toBeLessThanOrEqual(4);
  });
});

describe('two coordinators', () => {
  it('do not share a run: the one that took over drives it, the other stops', async () => {
    const run = await StartedRun.start(sandbox, 'two', numbered('two'), ['--tasks', '2']);
    await eventually('some load', async () => hits('/two') > ITERATIONS / 4);

    const second = await run.cli('resume', ['-q']);
    const first = await run.ended;

    expect([first.code, second.code].sort()).toEqual([0, 123]);
    const loser = first.code === 123 ? first : second;
    expect(loser.stderr.trim().split('\n').at(-1)).toBe(
      `k6-fleet: another coordinator has taken over run ${run.id}; this one has stopped`,
    );
    await expectAllCounted(run, '/two');
    expect((await run.result()).run.legs).toBe(2);
    await run.untilNoProcesses();
  });
});
