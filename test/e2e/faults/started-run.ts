import type { ChildProcess } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Control, Phase } from '../../../core/contract/control.ts';
import { runKeys, taskKeys } from '../../../core/contract/keys.ts';
import type { Result } from '../../../core/contract/result.ts';
import { RunFiles } from '../../../core/contract/run-files.ts';
import type { TaskStatus } from '../../../core/contract/task-status.ts';
import { listProcesses, type ProcessRow } from '../../../fleets/process-table.ts';
import { DirStore } from '../../../stores/dir.ts';
import { type Ended, eventually, type Sandbox } from '../../support/fleet.ts';

/** A run in the background, to which a test does harm. It has a store of its own. */
export class StartedRun {
  private constructor(
    private readonly sandbox: Sandbox,
    readonly storeDir: string,
    readonly id: string,
    readonly child: ChildProcess,
    readonly ended: Promise<Ended>,
  ) {}

  /** Starts `k6-fleet run` and waits until its plan is in the store. */
  static async start(
    sandbox: Sandbox,
    name: string,
    text: string,
    args: string[] = [],
    env: NodeJS.ProcessEnv = {},
  ): Promise<StartedRun> {
    const script = await sandbox.script(`${name}.js`, text);
    const storeDir = sandbox.path(name);
    const { child, ended } = sandbox.start(['run', script, '--store', storeDir, ...args], env);
    const id = await eventually(`the plan of ${name}`, async () => {
      if (child.exitCode !== null)
        throw new Error(`${name} ended too early, with ${child.exitCode}: ${(await ended).stderr}`);
      const [found] = await readdir(join(storeDir, 'runs')).catch(() => []);
      return found !== undefined && (await new DirStore(storeDir).get(runKeys(found).plan)) !== null ? found : null;
    });
    return new StartedRun(sandbox, storeDir, id, child, ended);
  }

  /** Runs another command on this run, such as `stop`. */
  cli(command: 'stop' | 'resume' | 'show', args: string[] = []): Promise<Ended> {
    return this.sandbox.cli([command, this.id, '--store', this.storeDir, ...args]);
  }

  /** Kills the coordinator. */
  async killCoordinator(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  get store(): DirStore {
    return new DirStore(this.storeDir);
  }

  private get files(): RunFiles {
    return new RunFiles(this.store, this.id);
  }

  async control(): Promise<Control | null> {
    return (await this.files.control())?.value ?? null;
  }

  async until(phase: Phase): Promise<void> {
    await eventually(`phase ${phase}`, async () => (await this.control())?.phase === phase);
  }

  /** Null if the task has reported none yet. */
  async taskStatus(task: number, attempt = 0): Promise<TaskStatus | null> {
    return this.files.task(task, attempt).status();
  }

  /** Waits until a task is in a phase. */
  untilTask(task: number, phase: TaskStatus['phase'], attempt = 0): Promise<TaskStatus> {
    return eventually(`task ${task} ${phase}`, async () => {
      const status = await this.taskStatus(task, attempt);
      return status?.phase === phase ? status : null;
    });
  }

  /** Waits until a task sends load and has shipped so many windows. */
  async untilShipped(task: number, windows = 1): Promise<void> {
    await this.untilTask(task, 'running');
    const key = taskKeys(this.id, task, 0).window(windows - 1);
    await eventually(`window ${windows} of task ${task}`, async () => (await this.store.get(key)) !== null);
  }

  /** The k6 processes of this run whose command line has all these words. */
  async k6(...words: string[]): Promise<ProcessRow[]> {
    const rows = await this.processes();
    return rows.filter(({ command }) => / run --quiet /.test(command) && words.every((word) => command.includes(word)));
  }

  async result(): Promise<Result> {
    const result = await this.files.result();
    if (result === null) throw new Error(`run ${this.id} has no result`);
    return result;
  }

  /** Waits until all processes of this run have ended. */
  async untilNoProcesses(): Promise<void> {
    await eventually(`the end of ${this.id}`, async () => (await this.processes()).length === 0);
  }

  private processes(): Promise<ProcessRow[]> {
    return processesIn(this.storeDir);
  }
}

/** The processes, zombies aside, whose command line names a folder. */
export async function processesIn(dir: string): Promise<ProcessRow[]> {
  const rows = await listProcesses();
  if (rows === null) throw new Error('these tests need ps');
  return rows.filter(({ command, zombie }) => !zombie && command.includes(dir));
}
