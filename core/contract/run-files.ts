import type { ZodType } from 'zod';
import type { Compression, Store } from '../ports.ts';
import { decodeJson, encodeJson, parseJson } from './codec.ts';
import { Control, StopRequest } from './control.ts';
import { type RunKeys, runKeys, taskKeys } from './keys.ts';
import { Plan } from './plan.ts';
import { Progress } from './progress.ts';
import { Result } from './result.ts';
import { ScriptEnvironment, SummaryData, SummaryOutput } from './script-data.ts';
import { TaskStatus } from './task-status.ts';
import type { Window } from './window.ts';

/** A run was started that has no plan. Step Functions matches this error by its name: a retry cannot help. */
class PlanMissingError extends Error {
  constructor(run: string, key: string) {
    super(`there is no ${key}: run ${run} was never planned; start runs with \`k6-fleet run SCRIPT --stack NAME\``);
    this.name = 'PlanMissingError';
  }
}

/** A version of a contested file; the etag identifies it in the next `swap`. */
export interface VersionOf<T> {
  value: T;
  etag: string;
}

/**
 * The files of one run in a store. They are all that the CLI, coordinators and workers know of each other, any of which
 * may crash between two writes; every single write is atomic.
 *
 * The verb of a write is its guarantee:
 * - `put`: the file has one writer at a time, so a plain write suffices. A reader sees the old or the new version.
 * - `create`: anyone may write it, the first one wins, and it never changes.
 * - `swap`: coordinators contend for it by compare-and-swap. It takes the etag of the version to replace, or null if
 *   there must be none, and returns the new etag, or null if another writer was first.
 *
 * A read returns null if the file does not exist (yet), and throws StoreError that names the file if it is damaged or of
 * another version.
 */
export class RunFiles {
  readonly keys: RunKeys;

  constructor(
    readonly store: Store,
    /** The run's id. */
    readonly id: string,
  ) {
    this.keys = runKeys(id);
  }

  /** The files of one attempt at one task. */
  task(task: number, attempt: number): TaskFiles {
    return new TaskFiles(this.store, this.id, task, attempt);
  }

  /** The current version of a contested file; null: it does not exist. Without control.json, no coordinator has claimed the run. */
  async etag(file: 'control' | 'checkpoint' | 'progress'): Promise<string | null> {
    return (await this.store.getVersioned(this.keys[file]))?.etag ?? null;
  }

  /** plan.json: what to do. The CLI writes it once, last of the files that a run needs: a run with a plan is complete. */
  plan(): Promise<Plan | null> {
    return this.read(this.keys.plan, Plan);
  }

  /** @throws PlanMissingError */
  async requirePlan(): Promise<Plan> {
    const plan = await this.plan();
    if (plan === null) throw new PlanMissingError(this.id, this.keys.plan);
    return plan;
  }

  putPlan(plan: Plan): Promise<void> {
    return this.store.put(this.keys.plan, encodeJson(plan));
  }

  /** archive.tar: the script as `k6 archive` packs it. The CLI creates it first, so no run overwrites another's files. */
  archive(): Promise<Uint8Array | null> {
    return this.store.get(this.keys.archive);
  }

  /** False: there is a run of this id. */
  createArchive(body: Uint8Array): Promise<boolean> {
    return this.store.create(this.keys.archive, body);
  }

  /** summary.tar: a small archive that calls the script's handleSummary. The CLI writes it once, if there is one. */
  summaryArchive(): Promise<Uint8Array | null> {
    return this.store.get(this.keys.summaryArchive);
  }

  putSummaryArchive(body: Uint8Array): Promise<void> {
    return this.store.put(this.keys.summaryArchive, body);
  }

  /**
   * environment.json: the variables that `-e` sets, secrets as references only. The CLI writes it once, for fleets whose
   * tasks do not inherit its environment. It expires a day after the run's start.
   */
  environment(): Promise<ScriptEnvironment | null> {
    return this.read(this.keys.environment, ScriptEnvironment);
  }

  putEnvironment(environment: ScriptEnvironment): Promise<void> {
    return this.store.put(this.keys.environment, encodeJson(environment));
  }

  /**
   * control.json: the coordinator's orders to all workers, and the lock of the run. Contested: a coordinator whose swap
   * fails has been superseded and must stop.
   * @param knownEtag the version that the caller has: null is returned if it is still the current one
   */
  async control(knownEtag: string | null = null): Promise<VersionOf<Control> | null> {
    const found = await this.store.getVersioned(this.keys.control);
    if (found === null || found.etag === knownEtag) return null;
    return { value: decodeJson(Control, found.body, this.keys.control), etag: found.etag };
  }

  swapControl(control: Control, etag: string | null): Promise<string | null> {
    return this.store.swap(this.keys.control, encodeJson(control), etag);
  }

  /** stop.json: a request to stop gracefully. Anyone may create it; the coordinator obeys the first one. */
  stopRequest(): Promise<StopRequest | null> {
    return this.read(this.keys.stop, StopRequest);
  }

  /** Requests a graceful stop. False: it has been requested before. */
  createStopRequest(message: string): Promise<boolean> {
    const request: StopRequest = { at: new Date().toISOString(), message };
    return this.store.create(this.keys.stop, encodeJson(request));
  }

  /**
   * setup-data.json: what setup() returned, as the JSON that k6 makes of it, of any size; empty: undefined. The task that
   * runs setup() writes it before it reports the job done.
   */
  setupData(): Promise<Uint8Array | null> {
    return this.store.get(this.keys.setupData);
  }

  putSetupData(json: Uint8Array): Promise<void> {
    return this.store.put(this.keys.setupData, json);
  }

  /**
   * checkpoint.json.gz: the coordinator's state and the merged metrics, in a format of its own. Contested. It is written
   * before each control.json that changes the orders, so a successor knows all that workers may have acted on.
   */
  async checkpoint(): Promise<VersionOf<Uint8Array> | null> {
    const found = await this.store.getVersioned(this.keys.checkpoint);
    return found === null ? null : { value: found.body, etag: found.etag };
  }

  swapCheckpoint(body: Uint8Array, etag: string | null): Promise<string | null> {
    return this.store.swap(this.keys.checkpoint, body, etag);
  }

  /** progress.json: the live view, about a second old. Contested. Only people read it. */
  async progress(): Promise<Progress | null> {
    const found = await this.store.getVersioned(this.keys.progress);
    return found === null ? null : decodeJson(Progress, found.body, this.keys.progress);
  }

  swapProgress(progress: Progress, etag: string | null): Promise<string | null> {
    return this.store.swap(this.keys.progress, encodeJson(progress), etag);
  }

  /**
   * summary.json: the merged metrics as k6 passes them to handleSummary, without the setup data. The coordinator writes it before the summary job
   * and again with the result; one that was superseded meanwhile may do so too, from the same windows.
   */
  summaryInput(): Promise<SummaryData | null> {
    return this.read(this.keys.summaryInput, SummaryData);
  }

  putSummaryInput(data: SummaryData): Promise<void> {
    return this.store.put(this.keys.summaryInput, encodeJson(data));
  }

  /** handle-summary.json: what handleSummary returned. The task that runs the summary job writes it. */
  summaryOutput(): Promise<SummaryOutput | null> {
    return this.read(this.keys.summaryOutput, SummaryOutput);
  }

  /** @param body as the summary archive's handleSummary wrote it */
  putSummaryOutput(body: Uint8Array): Promise<void> {
    return this.store.put(this.keys.summaryOutput, body);
  }

  /** result.json: verdict and figures. The coordinator writes it once all else is known; a run that has it is over. */
  result(): Promise<Result | null> {
    return this.read(this.keys.result, Result);
  }

  async hasResult(): Promise<boolean> {
    return (await this.store.get(this.keys.result)) !== null;
  }

  putResult(result: Result): Promise<void> {
    return this.store.put(this.keys.result, `${JSON.stringify(result, null, 2)}\n`);
  }

  /** notification.json: marks that the verdict has been published. A Lambda creates it after publishing. */
  async isPublished(): Promise<boolean> {
    return (await this.store.get(this.keys.notification)) !== null;
  }

  async markPublished(at: Date): Promise<void> {
    await this.store.create(this.keys.notification, encodeJson({ at: at.toISOString() }));
  }

  private async read<T>(key: string, schema: ZodType<T>): Promise<T | null> {
    const body = await this.store.get(key);
    return body === null ? null : decodeJson(schema, body, key);
  }
}

/**
 * The files of one attempt at one task. Its worker is the only writer: a replacement is another attempt, with files of its
 * own, so a worker that is replaced while it still runs does no harm.
 */
export class TaskFiles {
  private readonly keys;

  constructor(
    private readonly store: Store,
    run: string,
    task: number,
    attempt: number,
  ) {
    this.keys = taskKeys(run, task, attempt);
  }

  /** status.json: what the worker reports, replaced whenever it changes. */
  async status(): Promise<TaskStatus | null> {
    const body = await this.store.get(this.keys.status);
    return body === null ? null : decodeJson(TaskStatus, body, this.keys.status);
  }

  putStatus(status: TaskStatus): Promise<void> {
    return this.store.put(this.keys.status, encodeJson(status));
  }

  /**
   * A window: what k6 measured since the window before. Each is written once, without gaps in `seq`, so a reader that gets
   * null has merged all that are there. Not validated by a schema: the coordinator reads a thousand of them a second.
   */
  async window(seq: number, { unzip }: Compression): Promise<Window | null> {
    const key = this.keys.window(seq);
    const body = await this.store.get(key);
    return body === null ? null : (parseJson(await unzip(body), key) as Window);
  }

  /** @param body the gzipped JSON of a `Window` */
  putWindow(seq: number, body: Uint8Array): Promise<void> {
    return this.store.put(this.keys.window(seq), body);
  }

  /** log.gz: k6's log, secrets redacted. The worker replaces it every few seconds while it grows, and when k6 has exited. */
  log(): Promise<Uint8Array | null> {
    return this.store.get(this.keys.log);
  }

  putLog(gzipped: Uint8Array): Promise<void> {
    return this.store.put(this.keys.log, gzipped);
  }

  /** console.log.gz: what the script printed, if the plan has `consoleOutput`, secrets redacted. Replaced when a k6 has exited. */
  console(): Promise<Uint8Array | null> {
    return this.store.get(this.keys.console);
  }

  putConsole(gzipped: Uint8Array): Promise<void> {
    return this.store.put(this.keys.console, gzipped);
  }
}
