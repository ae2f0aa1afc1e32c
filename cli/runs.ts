/** Runs and their files: in a folder on this machine, or in the bucket of a stack. */
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { K6Exit } from '../core/contract/exit-codes.ts';
import { runPrefix, scratchPrefix } from '../core/contract/keys.ts';
import { RunFiles } from '../core/contract/run-files.ts';
import type { StackInfo } from '../core/contract/stack.ts';
import { errorLine, UserError } from '../core/errors.ts';
import { DirStore } from '../stores/dir.ts';
import { makeWritableFolder } from '../stores/make-folder.ts';
import type { RunStore } from '../stores/open-store.ts';

/** Selects the runs of a command: those of `--stack`, or of the folder without it. */
export interface RunsFlags {
  store: string;
  stack?: string;
}

/** All runs in one folder or bucket. */
export class Runs {
  private constructor(
    readonly store: RunStore,
    /** As a user knows it: a folder, or `s3://bucket`. */
    readonly where: string,
    /** Null: the runs of this machine. */
    readonly stack: StackInfo | null,
  ) {}

  /** @throws UserError if there is no such stack */
  static async open({ store, stack }: RunsFlags): Promise<Runs> {
    if (stack === undefined) return Runs.inFolder(store);
    const { loadStack } = await import('./stack/stack-info.ts'); // the AWS SDK takes 0.2 s to load
    return Runs.ofStack(await loadStack(stack));
  }

  static inFolder(dir: string): Runs {
    return new Runs(new DirStore(dir), dir, null);
  }

  static async ofStack(info: StackInfo): Promise<Runs> {
    const { S3Store } = await import('../stores/s3.ts');
    return new Runs(new S3Store(info.bucket), `s3://${info.bucket}`, info);
  }

  /** The flag that another command needs to find these runs, after a space; empty: none. */
  get flag(): string {
    if (this.stack !== null) return ` --stack ${this.stack.stack}`;
    return this.where === defaultFolder() ? '' : ` --store ${this.where}`;
  }

  /** The run of that id, which need not exist. */
  run(id: string): StoredRun {
    return new StoredRun(this, id);
  }

  /** @throws UserError if there is no such run */
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

/** Creates the folder of runs, if there is none. @throws UserError (104) if runs cannot be written there */
export async function assertWritable(storeDir: string): Promise<void> {
  await makeWritableFolder(storeDir).catch((error) => {
    throw new UserError(
      `cannot write to ${storeDir}: ${errorLine(error)}; choose another folder with --store`,
      K6Exit.invalidConfig,
    );
  });
}

/** The folder of runs that commands use without `--store`. */
const defaultFolder = (): string => resolve(process.env.K6_FLEET_DIR ?? '.k6-fleet');

/** Whether the id can be part of a key or a path. */
const isRunId = (id: string): boolean => /^[A-Za-z0-9][A-Za-z0-9-]*$/.test(id);

/** One run and its files. */
export class StoredRun extends RunFiles {
  constructor(
    readonly runs: Runs,
    id: string,
  ) {
    super(runs.store, id);
  }

  /**
   * Requests a graceful stop.
   * @param by who or what stops the run, such as `Ctrl-C`
   * @returns false if it has been requested before
   */
  requestStop(by: string): Promise<boolean> {
    return this.createStopRequest(`test run was aborted by ${by}`);
  }

  /** The folder or URL of its files. */
  get where(): string {
    return this.runs.stack === null
      ? join(this.runs.where, runPrefix(this.id))
      : `${this.runs.where}/${runPrefix(this.id)}`;
  }

  /** Removes what only an active run needs: its windows, a file a second for each task. In a bucket they expire. */
  async tidy(): Promise<void> {
    if (this.runs.stack !== null) return;
    await rm(join(this.runs.where, scratchPrefix(this.id)), { recursive: true, force: true });
  }
}
