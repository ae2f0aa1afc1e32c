import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { packageRoot } from '../cli/package-root.ts';
import { here, prepare } from '../cli/prepare/prepare.ts';
import { encodeJson } from '../core/contract/codec.ts';
import { WorkerEnv } from '../core/contract/env.ts';
import { runKeys } from '../core/contract/keys.ts';
import type { Fleet, TaskLiveness, TaskRef } from '../core/ports.ts';
import { Coordinator } from '../core/run/coordinator.ts';
import { DirStore } from '../stores/dir.ts';
import { type Ended, startTimed } from './processes.ts';

/** One task as the local fleet starts it, but under a shell that measures its CPU time. */
class MeasuredTask implements Fleet {
  ended: Promise<Ended> | null = null;
  private pid: number | undefined;
  private gone = false;

  constructor(private readonly env: NodeJS.ProcessEnv) {}

  async launch({ task, attempt }: TaskRef): Promise<null> {
    const { child, ended } = startTimed(process.execPath, [join(packageRoot, 'dist', 'worker.js')], {
      env: { ...this.env, [WorkerEnv.task]: String(task), [WorkerEnv.attempt]: String(attempt) },
    });
    child.stderr?.pipe(process.stderr);
    this.pid = child.pid;
    this.ended = ended;
    child.once('close', () => {
      this.gone = true;
    });
    return null;
  }

  async liveness(): Promise<TaskLiveness> {
    return this.gone ? { state: 'gone', reason: 'its worker has ended' } : { state: 'alive' };
  }

  async kill(): Promise<void> {
    if (this.pid !== undefined && !this.gone) process.kill(-this.pid, 'SIGKILL');
  }
}

/**
 * Prepares a run of a script on one task; what is returned runs it, and returns the CPU time of the task in s. The
 * coordinator works in this process; measured are the worker and its k6.
 * @param dir an empty folder, for the run's files
 */
export async function prepareTask(options: {
  script: string;
  k6: string;
  dir: string;
  env: Record<string, string>;
}): Promise<() => Promise<number>> {
  const { k6, dir } = options;
  const prepared = await prepare({ ...options, place: here, tasks: 1, strict: true });
  const { plan } = prepared;
  const store = new DirStore(dir);
  await store.put(runKeys(plan.id).archive, prepared.archive);
  await store.put(runKeys(plan.id).plan, encodeJson(plan));
  const fleet = new MeasuredTask({
    ...prepared.env,
    [WorkerEnv.store]: pathToFileURL(dir).href,
    [WorkerEnv.run]: plan.id,
    [WorkerEnv.k6]: k6,
    [WorkerEnv.workDir]: join(dir, 'work'),
  });
  const zip = promisify(gzip);
  const coordinator = new Coordinator({
    plan,
    store,
    fleet,
    observer: null,
    clock: { now: Date.now, sleep },
    compression: { zip: (text) => zip(text), unzip: promisify(gunzip) },
  });
  return async () => {
    const { verdict } = await coordinator.run();
    const ended = await fleet.ended;
    if (ended === null || verdict.exitCode !== 0) throw new Error(`the run failed: ${verdict.reasons.join('; ')}`);
    return ended.cpuSeconds;
  };
}
