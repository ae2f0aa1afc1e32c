import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { taskKeys } from '../../../core/contract/keys.ts';
import { plainK6, Sandbox } from '../../support/fleet.ts';
import { processesIn, StartedRun } from './started-run.ts';

const sandbox = await Sandbox.create();
const MB = 1024 * 1024;

/** Samples the memory of processes until it is stopped; the peak resident set of any that matches, bytes. */
function watchMemory(dir: string, matches: (command: string) => boolean): () => Promise<number> {
  let peak = 0;
  let over = false;
  const look = async () => {
    while (!over) {
      const pids = (await processesIn(dir)).filter(({ command }) => matches(command)).map(({ pid }) => String(pid));
      const listed = await promisify(execFile)('ps', ['-o', 'rss=', '-p', pids.join(',') || '0']).catch(() => null);
      for (const kilobytes of listed?.stdout.trim().split(/\s+/) ?? []) peak = Math.max(peak, Number(kilobytes) * 1024);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return peak;
  };
  const watching = look();
  return () => {
    over = true;
    return watching;
  };
}

const isWorker = (command: string) => command.includes('worker.js');
const isCoordinator = (command: string) => command.includes('cli.js');
const isLoad = (command: string) => command.includes(' run ') && command.includes('--paused');

describe('volume', () => {
  it('of logs is bounded in the memory of a worker and in the store', async () => {
    // 3,000 lines of 64 KB: 200 MB.
    const script = `
const line = 'x'.repeat(65_000);
export const options = { scenarios: { all: { executor: 'shared-iterations', vus: 2, iterations: 3000 } } };
export default function () { console.log(__ITER + line); }
export function teardown() { console.log('the last word'); }
`;
    const run = await StartedRun.start(sandbox, 'logs', script, ['--tasks', '2', '-q']);
    const peak = watchMemory(run.storeDir, isWorker);

    const { code, stderr } = await run.ended;

    expect(stderr.length).toBeLessThan(1024 * 1024);
    expect(stderr).toMatch(/[\d,]+ lines of the console held back so far/);
    expect(code).toBe(0);
    expect((await run.result()).metrics.iterations?.values.count).toBe(3000);
    expect(await peak()).toBeLessThan(220 * MB);
    for (const task of [0, 1]) {
      const log = gunzipSync((await run.store.get(taskKeys(run.id, task, 0).log)) ?? '').toString('utf8');
      expect(log.length).toBeLessThan(600 * 1024);
      expect(log).toMatch(/\d+ bytes omitted/);
      expect(log).toMatch(/\d+ lines of the log were held back/);
    }
    await run.untilNoProcesses();
  });

  it('of distinct tag values is bounded in our memory, beside what plain k6 takes, and the result warns', async () => {
    const script = `
import { check } from 'k6';
import { Counter, Trend } from 'k6/metrics';
const counter = new Counter('by_user');
const trend = new Trend('took');
export const options = { scenarios: { all: { executor: 'shared-iterations', vus: 2, iterations: 400 } } };
export default function () {
  for (let nr = 0; nr < 500; nr++) {
    const id = __VU + '-' + __ITER + '-' + nr;
    counter.add(1, { user: id });
    trend.add(nr, { user: id });
  }
  // Fewer of these: plain k6 takes a time that grows with their square.
  for (let nr = 0; nr < 4; nr++) check(null, { ['is ' + __VU + '-' + __ITER + '-' + nr]: () => true });
}
`;
    const path = await sandbox.script('plain.js', script);
    const plainPeak = watchMemory(path, () => true);
    const plain = await plainK6(['run', '--quiet', path]);
    const plainMemory = await plainPeak();
    expect(plain.code).toBe(0);

    const run = await StartedRun.start(sandbox, 'tags', script, ['--tasks', '1', '-q']);
    const peaks = [isLoad, isWorker, isCoordinator].map((matches) => watchMemory(run.storeDir, matches));
    const { code } = await run.ended;
    const [k6Memory = 0, workerMemory = 0, ownMemory = 0] = await Promise.all(peaks.map((peak) => peak()));

    expect(code).toBe(0);
    const { metrics, warnings } = await run.result();
    expect(metrics.by_user?.values.count).toBe(200_000);
    expect(metrics.took?.values).toMatchObject({ count: 200_000, min: 0, max: 499 });
    expect(metrics.checks?.values).toMatchObject({ passes: 1600, fails: 0 });
    expect(warnings).toEqual([expect.stringMatching(/^checks has too many different tags/)]);
    expect(k6Memory).toBeLessThan(plainMemory + 100 * MB);
    expect(k6Memory).toBeGreaterThan(0);
    expect(Math.max(workerMemory, ownMemory)).toBeLessThan(220 * MB);
    await run.untilNoProcesses();
  });
});
