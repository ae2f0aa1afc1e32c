/** Runs, wherever they are kept: in a folder of this machine, or in the bucket of a stack. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ZodType } from 'zod';
import { decodeJson, encodeJson } from '../core/contract/codec.ts';
import { FleetExit, K6Exit } from '../core/contract/exit-codes.ts';
import { runKeys, runPrefix, scratchPrefix } from '../core/contract/keys.ts';
import { Plan } from '../core/contract/plan.ts';
import { Progress } from '../core/contract/progress.ts';
import { Result } from '../core/contract/result.ts';
import type { StackInfo } from '../core/contract/stack.ts';
import { UserError } from '../core/errors.ts';
import { DirStore } from '../stores/dir.ts';
import type { RunStore } from '../stores/index.ts';

/** Where a command's runs are: `--stack` wins over the folder. */
export interface WhereFlags {
  store: string;
  stack?: string;
}

/** All runs of one place. */
export class Runs {
  constructor(
    readonly store: RunStore,
    /** The place as a user knows it: a folder, or `s3://bucket`. */
    readonly where: string,
    /** Null: they are on this machine. */
    readonly stack: StackInfo | null,
  ) {}

  /** @throws UserError where there is no such stack. */
  static async open({ store, stack }: WhereFlags): Promise<Runs> {
    if (stack === undefined) return Runs.inFolder(store);
    const { runsOfStack } = await import('./stack/runs.ts'); // the AWS SDK takes 0.2 s to load
    return runsOfStack(stack);
  }

  static inFolder(dir: string): Runs {
    return new Runs(new DirStore(dir), dir, null);
  }

  /** What a command about one of these runs needs beside its id. */
  get flag(): string {
    return this.stack === null ? '' : ` --stack ${this.stack.stack}`;
  }

  /** The run of that id, whether there is one or not. */
  run(id: string): StoredRun {
    return new StoredRun(this, id);
  }

  /** @throws UserError where there is no such run. */
  async get(id: string): Promise<StoredRun> {
    const run = this.run(id);
    if (isRunId(id) && (await run.plan()) !== null) return run;
    const known = await this.store.listRuns();
    const latest = known.length === 0 ? 'there are none' : `the latest is ${known.at(-1)}`;
    throw new UserError(
      `there is no run "${id}" in ${this.where}: ${latest}; see k6-fleet runs${this.flag}`,
      K6Exit.invalidConfig,
    );
  }
}

/** The ids of runs that can be part of a key or a path. */
const isRunId = (id: string): boolean => /^[A-Za-z0-9][A-Za-z0-9-]*$/.test(id);

/** The files of one run. */
export class StoredRun {
  readonly store: RunStore;
  readonly keys;

  constructor(
    readonly runs: Runs,
    readonly id: string,
  ) {
    this.store = runs.store;
    this.keys = runKeys(id);
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

  /** Asks for a graceful stop. False: somebody has done so already. */
  askToStop(message: string): Promise<boolean> {
    return this.store.create(this.keys.stop, encodeJson({ at: new Date().toISOString(), message }));
  }

  /** Where its files are, as a user knows it. */
  get where(): string {
    return this.runs.stack === null
      ? join(this.runs.where, runPrefix(this.id))
      : `${this.runs.where}/${runPrefix(this.id)}`;
  }

  /** Removes what only a run that goes on needs: its windows, a file a second for each task. A bucket does so itself. */
  async tidy(): Promise<void> {
    if (this.runs.stack !== null) return;
    await rm(join(this.runs.where, scratchPrefix(this.id)), { recursive: true, force: true });
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
