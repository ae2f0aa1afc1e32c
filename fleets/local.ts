import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { WorkerEnv } from '../core/contract/env.ts';
import { taskKeys } from '../core/contract/keys.ts';
import type { Fleet, LaunchResult, TaskLiveness, TaskRef } from '../core/ports.ts';
import { listProcesses, type ProcessRow } from './process-table.ts';

export interface LocalFleetOptions {
  run: string;
  /** The folder of the DirStore. */
  storeDir: string;
  /** The worker program, a JavaScript file. */
  workerFile: string;
  k6Binary: string;
  /** The environment that scripts see. */
  env: NodeJS.ProcessEnv;
}

/** How long a killed process may take to exit, ms. */
const KILL_WAIT_MS = 2000;
/** How old the list of processes may be, ms. */
const LIST_MAX_AGE_MS = 1000;

/**
 * Tasks as child processes of this machine. Each worker leads a process group of its own, so that Ctrl-C in a terminal
 * reaches only the coordinator. Process ids are kept beside the tasks' files, so the coordinator may crash and another one
 * may claim the run.
 */
export class LocalFleet implements Fleet {
  private readonly children = new Map<string, ChildProcess>();
  private listing: { at: number; rows: Promise<ProcessRow[] | null> } | null = null;

  constructor(private readonly options: LocalFleetOptions) {}

  async launch(ref: TaskRef): Promise<LaunchResult> {
    const { run, storeDir, workerFile, k6Binary, env } = this.options;
    const dir = this.dir(ref);
    await mkdir(dir, { recursive: true });
    const errors = openSync(join(dir, 'worker.log'), 'a', 0o600);
    // The worker ignores its argument: the folder identifies it in the list of processes, for `adopted`.
    const child = spawn(process.execPath, ['--max-old-space-size=512', workerFile, dir], {
      detached: true,
      stdio: ['ignore', 'ignore', errors],
      env: {
        ...env,
        [WorkerEnv.store]: pathToFileURL(storeDir).href,
        [WorkerEnv.run]: run,
        [WorkerEnv.task]: String(ref.task),
        [WorkerEnv.attempt]: String(ref.attempt),
        [WorkerEnv.k6]: k6Binary,
        [WorkerEnv.workDir]: join(dir, 'work'),
      },
    });
    closeSync(errors);
    child.once('error', () => undefined); // `liveness` reports it as gone
    if (child.pid === undefined) throw new Error(`cannot start ${process.execPath} for task ${ref.task}`);
    this.children.set(key(ref), child);
    await writeFile(join(dir, 'pid'), String(child.pid));
    return { state: 'launched' };
  }

  async liveness(ref: TaskRef): Promise<TaskLiveness> {
    const child = this.children.get(key(ref));
    if (child !== undefined) {
      if (child.exitCode === null && child.signalCode === null) return { state: 'alive' };
      const how = child.signalCode === null ? `exit code ${child.exitCode}` : `signal ${child.signalCode}`;
      return { state: 'gone', reason: `its worker ended with ${how}${await this.lastWords(ref)}` };
    }
    const { pid, worker } = await this.adopted(ref);
    return pid !== null && worker ? { state: 'alive' } : { state: 'gone', reason: 'its worker process is gone' };
  }

  async kill(ref: TaskRef): Promise<void> {
    const child = this.children.get(key(ref));
    // The id of a worker that has ended may have been reused; its k6 may still be running.
    const isRunning = child !== undefined && child.exitCode === null && child.signalCode === null;
    const pid = isRunning ? child.pid : (await this.adopted(ref)).pid;
    if (pid === null || pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL'); // the worker and its k6: one process group
    } catch {
      return; // gone already
    }
    // Bounded: a process whose parent does not reap it keeps its id.
    for (let waited = 0; isAlive(pid) && waited < KILL_WAIT_MS; waited += 10) await sleep(10);
  }

  /**
   * What is left of a task that another coordinator launched: its process group, null if nothing is left, and whether
   * its worker is in it. The id alone proves nothing: it may have been reused, or belong to a zombie.
   */
  private async adopted(ref: TaskRef): Promise<{ pid: number | null; worker: boolean }> {
    const pid = await this.pid(ref);
    if (pid === null || !isGroup(pid)) return { pid: null, worker: false };
    if (this.listing === null || Date.now() - this.listing.at > LIST_MAX_AGE_MS) {
      this.listing = { at: Date.now(), rows: listProcesses() };
    }
    const rows = await this.listing.rows;
    if (rows === null) return { pid, worker: isAlive(pid) };
    const folder = taskKeys(this.options.run, ref.task, ref.attempt).local;
    const left = rows.filter((row) => row.group === pid && !row.zombie && row.command.includes(folder));
    return { pid: left.length === 0 ? null : pid, worker: left.some((row) => row.pid === pid) };
  }

  private dir(ref: TaskRef) {
    return join(this.options.storeDir, taskKeys(this.options.run, ref.task, ref.attempt).local);
  }

  private async pid(ref: TaskRef): Promise<number | null> {
    const text = await readFile(join(this.dir(ref), 'pid'), 'utf8').catch(() => null);
    return Number(text) || null; // empty if its writer crashed; 0 would be our own group
  }

  private async lastWords(ref: TaskRef): Promise<string> {
    const text = await readFile(join(this.dir(ref), 'worker.log'), 'utf8').catch(() => '');
    const last = text.trim().split('\n').at(-1) ?? '';
    return last === '' ? '' : `: ${last}`;
  }
}

const key = ({ task, attempt }: TaskRef) => `${task}/${attempt}`;

const isGroup = (pid: number): boolean => isAlive(-pid);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
