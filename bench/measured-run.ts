import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { packageRoot } from '../cli/package-root.ts';
import { localBackend } from '../cli/prepare/backend.ts';
import { prepare } from '../cli/prepare/prepared-run.ts';
import { encodeJson } from '../core/contract/codec.ts';
import { WorkerEnv } from '../core/contract/env.ts';
import { runKeys } from '../core/contract/keys.ts';
import type { Timing } from '../core/contract/plan.ts';
import type { Result } from '../core/contract/result.ts';
import type { Fleet, LaunchResult, Store, TaskLiveness, TaskRef } from '../core/ports.ts';
import { Coordinator } from '../core/run/coordinator.ts';
import { DirStore } from '../stores/dir.ts';
import { type Ended, startTimed } from './processes.ts';

/** Tasks as the local fleet starts them, but each under a shell that measures its CPU time. */
class MeasuredTasks implements Fleet {
  readonly ended: Promise<Ended>[] = [];
  private readonly pids = new Map<number, number | undefined>();

  /** @param workDir for the tasks' own files */
  constructor(
    private readonly env: NodeJS.ProcessEnv,
    private readonly workDir: string,
  ) {}

  async launch({ task, attempt }: TaskRef): Promise<LaunchResult> {
    const { child, ended } = startTimed(process.execPath, [join(packageRoot, 'dist', 'worker.js')], {
      env: {
        ...this.env,
        [WorkerEnv.task]: String(task),
        [WorkerEnv.attempt]: String(attempt),
        [WorkerEnv.workDir]: join(this.workDir, String(task)),
      },
    });
    child.stderr?.pipe(process.stderr);
    this.ended.push(ended);
    this.pids.set(task, child.pid);
    child.once('close', () => this.pids.delete(task));
    return { state: 'launched' };
  }

  async liveness({ task }: TaskRef): Promise<TaskLiveness> {
    return this.pids.has(task) ? { state: 'alive' } : { state: 'gone', reason: 'its worker has ended' };
  }

  async kill({ task }: TaskRef): Promise<void> {
    const pid = this.pids.get(task);
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  }
}

export interface MeasuredRun {
  k6: string;
  script: string;
  /** Of the script. */
  vars: Record<string, string>;
  tasks: number;
  /** Absent: as on one machine. */
  timing?: Timing;
  store: Store;
  /** An empty folder, for the tasks' own files. */
  workDir: string;
  /** What a worker needs to find the store. */
  workerEnv: Record<string, string>;
}

/**
 * Prepares a run; what is returned runs it, and returns the CPU time of its tasks in s. The coordinator works in this
 * process; measured are the workers and their k6.
 */
export async function prepareRun(options: MeasuredRun): Promise<() => Promise<{ result: Result; cpuSeconds: number }>> {
  const { k6, script, tasks, timing, store, workDir, workerEnv } = options;
  const backend = timing === undefined ? localBackend : { ...localBackend, timing: () => timing };
  const prepared = await prepare({ script, k6, env: options.vars, backend, tasks, strict: true });
  const { plan } = prepared;
  await store.put(runKeys(plan.id).archive, prepared.archive);
  await store.put(runKeys(plan.id).plan, encodeJson(plan));
  const env = { ...prepared.env, ...workerEnv, [WorkerEnv.run]: plan.id, [WorkerEnv.k6]: k6 };
  const fleet = new MeasuredTasks(env, workDir);
  const coordinator = new Coordinator({
    plan,
    store,
    fleet,
    observer: null,
    clock: { now: Date.now, sleep: async (ms) => void (await sleep(ms)) },
    compression: { zip: (text) => promisify(gzip)(text), unzip: promisify(gunzip) },
  });
  return async () => {
    const result = await coordinator.run();
    const { verdict } = result;
    if (verdict.exitCode !== 0) throw new Error(`the run failed: ${verdict.reasons.join('; ')}`);
    const ended = await Promise.all(fleet.ended);
    return { result, cpuSeconds: ended.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0) };
  };
}

/** A run of one task, with a folder for a store. @param options.dir an empty folder */
export async function prepareTask(options: {
  script: string;
  k6: string;
  dir: string;
  env: Record<string, string>;
}): Promise<() => Promise<number>> {
  const { dir, k6, script, env } = options;
  const run = await prepareRun({
    k6,
    script,
    vars: env,
    tasks: 1,
    store: new DirStore(dir),
    workDir: join(dir, 'work'),
    workerEnv: { [WorkerEnv.store]: pathToFileURL(dir).href },
  });
  return async () => (await run()).cpuSeconds;
}
