import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import type { Control } from '../../../core/contract/control.ts';
import { WorkerEnv } from '../../../core/contract/env.ts';
import type { Plan } from '../../../core/contract/plan.ts';
import { RunFiles, type TaskFiles } from '../../../core/contract/run-files.ts';
import type { ScriptEnvironment } from '../../../core/contract/script-data.ts';
import type { TaskStatus } from '../../../core/contract/task-status.ts';
import type { Window } from '../../../core/contract/window.ts';
import type { Store } from '../../../core/ports.ts';
import { compression } from '../../../stores/compression.ts';
import { S3Store } from '../../../stores/s3.ts';
import { eventually, k6Binary, type Sandbox } from '../../support/fleet.ts';
import { planOf } from '../../support/sim/plan.ts';

export interface WorkerCase {
  script: string;
  environment: ScriptEnvironment;
  plan?: Partial<Plan>;
  /** Of the worker's process. */
  env: NodeJS.ProcessEnv;
}

const ref = { task: 0, attempt: 0 };

/** A worker in a process of its own, as a task of Fargate runs it, and a test in the coordinator's place. */
export class StartedWorker {
  private etag: string | null = null;

  private constructor(
    readonly store: Store,
    readonly plan: Plan,
    readonly child: ChildProcess,
    readonly ended: Promise<number | null>,
  ) {}

  static async start(sandbox: Sandbox, bucket: string, given: WorkerCase): Promise<StartedWorker> {
    const store = new S3Store(bucket);
    const plan: Plan = { ...planOf({ tasks: 1 }), ...given.plan };
    const files = new RunFiles(store, plan.id);
    const archive = sandbox.path('archive.tar');
    await promisify(execFile)(k6Binary, [
      'archive',
      '-q',
      '-O',
      archive,
      await sandbox.script('script.js', given.script),
    ]);
    await files.putPlan(plan);
    await files.createArchive(await readFile(archive));
    await files.putEnvironment(given.environment);
    const root = join(import.meta.dirname, '..', '..', '..');
    const child = spawn(process.execPath, ['--import', 'tsx', join(root, 'worker', 'main.ts'), sandbox.dir], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        ...given.env,
        [WorkerEnv.store]: `s3://${bucket}`,
        [WorkerEnv.run]: plan.id,
        [WorkerEnv.task]: String(ref.task),
        [WorkerEnv.attempt]: String(ref.attempt),
        [WorkerEnv.k6]: k6Binary,
        [WorkerEnv.workDir]: sandbox.path('work'),
        [WorkerEnv.isolated]: 'true',
        [WorkerEnv.cpus]: '0.5',
      },
    });
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    const worker = new StartedWorker(store, plan, child, ended);
    await worker.tell({ phase: 'launching' });
    return worker;
  }

  async tell(change: Partial<Control>): Promise<void> {
    const control: Control = {
      phase: 'launching',
      leaseUntil: Date.now() + 120_000,
      attempts: [ref.attempt],
      startAt: null,
      job: null,
      stop: null,
      ...change,
    };
    this.etag = await new RunFiles(this.store, this.plan.id).swapControl(control, this.etag);
  }

  /** Starts the load as soon as it is ready. */
  async begin(): Promise<void> {
    await this.reaches('ready');
    await this.tell({ phase: 'running', startAt: Date.now() + 300 });
  }

  private get files(): TaskFiles {
    return new RunFiles(this.store, this.plan.id).task(ref.task, ref.attempt);
  }

  state(): Promise<TaskStatus | null> {
    return this.files.status();
  }

  /** Its state once it has come to that phase. */
  reaches(phase: TaskStatus['phase']): Promise<TaskStatus> {
    return eventually(`a task that is ${phase}`, async () => {
      const ended = this.child.exitCode;
      const state = await this.state();
      if (ended !== null && state?.phase !== phase)
        throw new Error(`the worker ended with ${ended}: ${state?.message}`);
      return state?.phase === phase ? state : null;
    });
  }

  async log(): Promise<string> {
    const log = await this.files.log();
    return log === null ? '' : gunzipSync(log).toString('utf8');
  }

  async windows(count: number): Promise<Window[]> {
    const read = Array.from({ length: count }, (_, seq) => this.files.window(seq, compression));
    return (await Promise.all(read)).filter((one) => one !== null);
  }
}
