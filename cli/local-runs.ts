import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ZodType } from 'zod';
import { decodeJson } from '../core/contract/codec.ts';
import { FleetExit, K6Exit } from '../core/contract/exit-codes.ts';
import { runKeys, runPrefix, scratchPrefix } from '../core/contract/keys.ts';
import { Plan } from '../core/contract/plan.ts';
import { Progress } from '../core/contract/progress.ts';
import { Result } from '../core/contract/result.ts';
import { UserError } from '../core/errors.ts';
import { DirStore } from '../stores/dir.ts';

/** The ids of all runs in a folder, the oldest first. */
export async function listRuns(storeDir: string): Promise<string[]> {
  const entries = await readdir(join(storeDir, 'runs'), { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** One run in a folder. */
export class LocalRun {
  readonly store: DirStore;
  readonly keys;

  private constructor(
    readonly storeDir: string,
    readonly id: string,
  ) {
    this.store = new DirStore(storeDir);
    this.keys = runKeys(id);
  }

  /** @throws UserError where there is no such run. */
  static async open(storeDir: string, id: string): Promise<LocalRun> {
    const known = await listRuns(storeDir);
    if (!known.includes(id)) {
      const latest = known.length === 0 ? 'there are none' : `the latest is ${known.at(-1)}`;
      throw new UserError(`there is no run "${id}" in ${storeDir}: ${latest}; see k6-fleet runs`, K6Exit.invalidConfig);
    }
    return new LocalRun(storeDir, id);
  }

  async plan(): Promise<Plan | null> {
    return this.read(this.keys.plan, Plan);
  }

  async result(): Promise<Result | null> {
    return this.read(this.keys.result, Result);
  }

  async progress(): Promise<Progress | null> {
    const object = await this.store.getVersioned(this.keys.progress);
    return object === null ? null : decode(Progress, object.body, this.keys.progress);
  }

  /** Removes what only a run that goes on needs: its windows, a file a second for each task. */
  async tidy(): Promise<void> {
    await rm(this.path(scratchPrefix(this.id)), { recursive: true, force: true });
  }

  path(key: string): string {
    return join(this.storeDir, key);
  }

  get dir(): string {
    return this.path(runPrefix(this.id));
  }

  private async read<T>(key: string, schema: ZodType<T>): Promise<T | null> {
    const body = await this.store.get(key);
    return body === null ? null : decode(schema, body, key);
  }
}

/** @throws UserError where the file is damaged, or of another version. */
function decode<T>(schema: ZodType<T>, body: Uint8Array, name: string): T {
  try {
    return decodeJson(schema, body, name);
  } catch (error) {
    throw new UserError((error as Error).message, FleetExit.internal);
  }
}
