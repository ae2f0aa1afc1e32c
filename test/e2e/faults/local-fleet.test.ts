import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { taskKeys } from '../../../core/contract/keys.ts';
import { LocalFleet } from '../../../fleets/local.ts';
import { eventually, k6Binary, Sandbox } from '../../support/fleet.ts';

const sandbox = await Sandbox.create();
const run = 'run-of-another-coordinator';
const ref = { task: 0, attempt: 0 };

/** A fleet that has not launched the task itself: all that it knows is the process id in the store. */
async function adoptingFleet(storeDir: string, pid: number | undefined): Promise<LocalFleet> {
  const dir = join(storeDir, taskKeys(run, ref.task, ref.attempt).local);
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, 'pid'), String(pid));
  return new LocalFleet({ run, storeDir, workerFile: 'worker.js', k6Binary, env: {} });
}

/** A Node process, leader of its own process group. */
function startNode(code: string, ...args: string[]): ChildProcess {
  const child = spawn(process.execPath, ['-e', code, ...args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

const firstLine = (child: ChildProcess) =>
  new Promise<string>((resolve) => child.stdout?.once('data', (text: Buffer) => resolve(text.toString('utf8').trim())));

const WAIT = 'process.stdout.write("up\\n"); setTimeout(() => {}, 60_000);';

describe('a task that another coordinator has launched', () => {
  it('is alive as long as its worker is, and can be killed', async () => {
    const storeDir = sandbox.path('alive');
    const worker = startNode(WAIT, join(storeDir, taskKeys(run, 0, 0).local));
    await firstLine(worker);
    const fleet = await adoptingFleet(storeDir, worker.pid);
    expect(await fleet.liveness(ref)).toEqual({ state: 'alive' });

    await fleet.kill(ref);

    await eventually('its end', async () => (await fleet.liveness(ref)).state === 'gone');
    expect(worker.signalCode).toBe('SIGKILL');
  });

  it('is gone where its process id is by now another process: that is left alone', async () => {
    const stranger = startNode(WAIT);
    await firstLine(stranger);
    const fleet = await adoptingFleet(sandbox.path('stranger'), stranger.pid);

    expect(await fleet.liveness(ref)).toEqual({ state: 'gone', reason: 'its worker process is gone' });
    await fleet.kill(ref);

    expect([stranger.exitCode, stranger.signalCode]).toEqual([null, null]);
  });

  it('is gone if its process has ended and was not reaped', async () => {
    // The parent never looks after its child again.
    const parent = startNode(`
      const child = require('node:child_process').spawn('sleep', ['0.05'], { detached: true });
      require('node:fs').writeSync(1, child.pid + '\\n');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
    `);
    const zombie = Number(await firstLine(parent));
    const fleet = await adoptingFleet(sandbox.path('zombie'), zombie);

    await eventually('its end', async () => (await fleet.liveness(ref)).state === 'gone');

    expect(process.kill(zombie, 0)).toBe(true); // by its id it still looks alive
    await fleet.kill(ref);
  });

  it('is gone if it was never launched', async () => {
    const fleet = new LocalFleet({ run, storeDir: sandbox.path('never'), workerFile: 'worker.js', k6Binary, env: {} });

    expect((await fleet.liveness(ref)).state).toBe('gone');
    await fleet.kill(ref);
  });
});
