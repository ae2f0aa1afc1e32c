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

/** How long a killed process may take to vanish, ms. */
const KILL_WAIT_MS = 2000;
/** How old a look at the machine's processes may be, ms. */
const LOOK_MS = 1000;

/**
 * Tasks as child processes of this machine. Each worker leads a process group of its own, so that Ctrl-C in a terminal
 * reaches only the coordinator, and so that a coordinator may die and another one take the run over: the process ids
 * are kept beside the tasks' files.
 */
export class LocalFleet implements Fleet {
  private readonly children = new Map<string, ChildProcess>();
  private look: { at: number; rows: Promise<ProcessRow[] | null> } | null = null;

  constructor(private readonly options: LocalFleetOptions) {}

  async launch(ref: TaskRef): Promise<LaunchResult> {
    const { run, storeDir, workerFile, k6Binary, env } = this.options;
    const dir = this.dir(ref);
    await mkdir(dir, { recursive: true });
    const errors = openSync(join(dir, 'worker.log'), 'a', 0o600);
    // The worker reads no argument: its folder is for those who look at the list of processes, as `adopted` does.
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
    child.once('error', () => undefined); // shows as a task that is gone
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
    // The id of one that has ended may be another program's by now; its k6 may still be there.
    const isRunning = child !== undefined && child.exitCode === null && child.signalCode === null;
    const pid = isRunning ? child.pid : (await this.adopted(ref)).pid;
    if (pid === null || pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL'); // the worker and its k6: one process group
    } catch {
      return; // gone already
    }
    // Bounded: a process that nobody reaps keeps its id.
    for (let waited = 0; isAlive(pid) && waited < KILL_WAIT_MS; waited += 10) await sleep(10);
  }

  /**
   * What is left of a task that another coordinator has launched: its process group, null where nothing is, and whether
   * its worker is in it. An id alone says little: by now it may be another program's, or that of a zombie.
   */
  private async adopted(ref: TaskRef): Promise<{ pid: number | null; worker: boolean }> {
    const pid = await this.pid(ref);
    if (pid === null || !isGroup(pid)) return { pid: null, worker: false };
    if (this.look === null || Date.now() - this.look.at > LOOK_MS) {
      this.look = { at: Date.now(), rows: listProcesses() };
    }
    const rows = await this.look.rows;
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
    return Number(text) || null; // empty where its writer died over it; 0 would be our own group
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
