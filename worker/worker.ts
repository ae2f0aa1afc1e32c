import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { decodeJson, encodeJson } from '../core/contract/codec.ts';
import { SUMMARY_FILE_ENV } from '../core/contract/env.ts';
import { runKeys, taskKeys } from '../core/contract/keys.ts';
import type { Plan } from '../core/contract/plan.ts';
import { type Job, type JobState, SetupData } from '../core/contract/run.ts';
import type { WindowJob } from '../core/contract/window.ts';
import type { Store, TaskRef } from '../core/ports.ts';
import { ControlWatch, type Dismissal } from './control-watch.ts';
import { type JobContext, runHandleSummary, runSetup, runTeardown } from './jobs.ts';
import { loadArgs } from './k6-args.ts';
import { K6Process } from './k6-process.ts';
import { LogBuffer } from './log-buffer.ts';
import { Shipper } from './shipper.ts';
import { TaskReport } from './task-report.ts';

export interface WorkerOptions {
  store: Store;
  plan: Plan;
  ref: TaskRef;
  k6Binary: string;
  /** A folder of its own; removed at the end. */
  workDir: string;
  /** The environment that k6 and so the script gets. */
  k6Env: NodeJS.ProcessEnv;
}

/** How long k6 may take to end after it was asked to, ms: an interrupted iteration ends at once, outputs flush. */
const STOP_GRACE_MS = 20_000;
/** The same for a k6 that has not sent any load: there is nothing to lose. */
const UNSTARTED_GRACE_MS = 3000;

/** Why a worker left before the run was finished. */
const DEPARTURE: Record<Dismissal, string> = {
  lease: 'it stopped by itself, for no coordinator renewed its lease',
  replaced: 'another attempt has taken its place',
  signal: 'its worker was told to leave by SIGTERM',
};

/** The program in a task: supervises k6, obeys control.json, ships windows. */
export class Worker {
  private readonly control: ControlWatch;
  private readonly report: TaskReport;
  private readonly shipper: Shipper;
  private readonly log = new LogBuffer();
  private readonly keys;
  private readonly archive: string;
  private load: K6Process | null = null;
  private jobK6: K6Process | null = null;
  private job: Promise<void> = Promise.resolve();
  private jobKind: Job['kind'] | null = null;
  private lastJob = 0;
  private started = false;

  constructor(private readonly options: WorkerOptions) {
    const { store, plan, ref } = options;
    this.keys = runKeys(plan.id);
    this.archive = join(options.workDir, 'archive.tar');
    this.control = new ControlWatch(store, plan.id, ref, plan.timing);
    this.report = new TaskReport(store, plan.id, ref);
    this.shipper = new Shipper(store, plan.id, ref, (error) => void this.onShipError(error));
  }

  /** Lives until the run is finished, or this worker is dismissed. */
  async run(): Promise<void> {
    const { workDir, store } = this.options;
    await mkdir(workDir, { recursive: true, mode: 0o700 });
    try {
      await this.control.start();
      await this.report.update({ phase: 'starting' });
      await writeFile(this.archive, (await store.get(this.keys.archive)) ?? '');
      this.shipper.start(this.options.plan.timing.windowMs);
      const jobs = this.serveJobs();
      const phase = this.control.current?.phase;
      // A task that was launched only to do a job, after the load, has no load of its own.
      if (phase === 'teardown' || phase === 'summary') await this.report.update({ phase: 'done', endedAt: Date.now() });
      else await this.runLoad();
      await jobs;
    } finally {
      this.control.stop();
      this.shipper.stop();
      await this.endK6();
      await this.shipper.flush();
      await this.writeLog();
      await rm(workDir, { recursive: true, force: true });
    }
  }

  /** Ends what it does, ships what that measured, and leaves. */
  leave(): void {
    this.control.dismiss('signal');
  }

  private async endK6(): Promise<void> {
    await Promise.all(
      [this.load, this.jobK6].map((k6) => (k6?.exitCode === null ? k6.terminate(STOP_GRACE_MS) : null)),
    );
  }

  private async runLoad(): Promise<void> {
    const { plan, ref, k6Binary, k6Env } = this.options;
    let stopped = Promise.resolve();
    // A task that does not get ready can be asked why only as long as it lives.
    const telling = setInterval(
      () => void this.report.update({ logTail: this.log.lastLines(20) }),
      plan.timing.windowMs,
    );
    const k6 = await K6Process.startPaused(
      {
        binary: k6Binary,
        args: loadArgs(plan, ref.task, this.archive),
        env: k6Env,
        log: this.log,
        onCells: (line) => {
          // Before the start there is nothing but the VUs' initialisation, which a single k6 does not count either.
          if (this.started) this.shipper.add('load', line);
        },
      },
      (spawned) => {
        this.load = spawned;
        this.report.state.k6Pid = spawned.pid;
        stopped = this.stopWhenTold(spawned);
      },
    );
    clearInterval(telling);
    if (k6.exitCode === null) {
      await this.report.update({ phase: 'ready' });
      await this.armAndStart(k6).catch(async (error: Error) => {
        this.log.add(Buffer.from(`k6-fleet: ${error.message}\n`));
        await k6.terminate(STOP_GRACE_MS);
      });
    }
    const code = await k6.exited;
    const endedAt = Date.now();
    await stopped;
    await this.shipper.flush();
    if (this.shipper.error !== null) return;
    await this.writeLog();
    const { dismissed } = this.control;
    await this.report.update({
      phase: 'done',
      exitCode: code,
      endedAt,
      windows: this.shipper.shipped,
      message: dismissed === null ? endMessage(code) : DEPARTURE[dismissed],
      logTail: code === 0 || dismissed !== null ? [] : this.log.lastLines(20),
    });
  }

  /** Loads the setup data when the coordinator has it, then starts k6 at the common moment. */
  private async armAndStart(k6: K6Process): Promise<void> {
    const told = this.control.until(({ phase }) => phase === 'arming' || phase === 'running');
    await Promise.race([told, k6.exited]);
    if (this.control.current?.phase === 'arming') {
      const data = await this.setupData();
      if (data.kind === 'value') await k6.api.putSetupData(data.value);
      await this.report.update({ phase: 'armed' });
      await Promise.race([this.control.until(({ phase }) => phase !== 'arming'), k6.exited]);
    }
    const startAt = this.control.current?.startAt;
    if (this.control.current?.phase !== 'running' || startAt === null || startAt === undefined) return;
    await sleep(Math.max(0, startAt - Date.now()));
    if (k6.exitCode !== null) return;
    this.started = true;
    const skew = Date.now() - startAt;
    await k6.api.resume();
    await this.report.update({ phase: 'running', startSkewMs: skew });
  }

  /** Ends the load's k6 when the run is stopped or this worker must leave. */
  private async stopWhenTold(k6: K6Process): Promise<void> {
    const told = this.control.until(({ phase }) => phase === 'stopping' || phase === 'finished');
    await Promise.race([told, k6.exited]);
    if (k6.exitCode !== null) return;
    await (this.started ? k6.abort(STOP_GRACE_MS) : k6.terminate(UNSTARTED_GRACE_MS));
  }

  /** Does the jobs that the coordinator gives to this task, until the run is finished. */
  private async serveJobs(): Promise<void> {
    const { ref } = this.options;
    const mine = (job: Job | null): job is Job =>
      job !== null && job.task === ref.task && job.attempt === ref.attempt && job.nr > this.lastJob;
    while (this.control.dismissed === null && this.control.current?.phase !== 'finished') {
      await this.control.until(({ phase, job }) => phase === 'finished' || phase === 'stopping' || mine(job));
      const current = this.control.current;
      if (current?.phase === 'stopping') {
        // Ctrl-C interrupts setup() but never teardown(), as in k6.
        if (this.jobKind === 'setup') await this.jobK6?.terminate(STOP_GRACE_MS);
        // The coordinator waits for an answer to a job that came just before the stop.
        if (mine(current.job)) await this.declineJob(current.job);
        await this.control.until(({ phase }) => phase !== 'stopping');
      } else if (current !== null && mine(current.job)) {
        this.lastJob = current.job.nr;
        this.jobKind = current.job.kind;
        const job = current.job;
        this.job = this.doJob(job).finally(() => {
          this.jobKind = null;
        });
      }
    }
    if (this.jobK6?.exitCode === null) await this.jobK6.terminate(STOP_GRACE_MS);
    await this.job;
  }

  private declineJob({ nr }: Job): Promise<void> {
    this.lastJob = nr;
    return this.report.update({ job: { nr, exitCode: null, durationMs: 0, logTail: [] } });
  }

  private async doJob(job: Job): Promise<void> {
    let state: JobState;
    try {
      state = await this.runJob(job);
    } catch (error) {
      await this.jobK6?.terminate(STOP_GRACE_MS); // it may be paused still, and would wait for ever
      state = { nr: job.nr, exitCode: null, durationMs: 0, logTail: [(error as Error).message] };
    }
    await this.shipper.flush();
    await this.report.update({ job: state, windows: this.shipper.shipped });
  }

  private async runJob(job: Job): Promise<JobState> {
    const { store, plan, k6Binary, k6Env } = this.options;
    const context = (kind: WindowJob | null): JobContext => ({
      plan,
      binary: k6Binary,
      env: k6Env,
      archive: this.archive,
      log: this.log,
      onCells: (line) => kind !== null && this.shipper.add(kind, line),
      onSpawn: (k6) => {
        this.jobK6 = k6;
        // A stop that came while there was nothing to end yet.
        if (kind === 'setup' && this.control.current?.phase === 'stopping') void k6.terminate(STOP_GRACE_MS);
      },
    });
    switch (job.kind) {
      case 'setup': {
        const { state, data } = await runSetup(job, context('setup'));
        if (data !== null) await store.put(this.keys.setupData, encodeJson(data));
        return state;
      }
      case 'teardown':
        return runTeardown(job, context('teardown'), await this.setupData());
      case 'summary':
        return this.handleSummary(job, context(null));
    }
  }

  private async handleSummary(job: Job, context: JobContext): Promise<JobState> {
    const { store, workDir } = this.options;
    const archive = join(workDir, 'summary.tar');
    const output = join(workDir, 'handle-summary.json');
    await writeFile(archive, (await store.get(this.keys.summaryArchive)) ?? '');
    const input = JSON.parse(new TextDecoder().decode((await store.get(this.keys.summaryInput)) ?? undefined));
    const env = { ...context.env, [SUMMARY_FILE_ENV]: output };
    const state = await runHandleSummary(job, { ...context, archive, env }, input);
    const returned = await readFile(output).catch(() => null);
    if (returned === null) {
      // k6 speaks last of the signal by which we made it call handleSummary.
      const logTail = this.log.lastLines(20).filter((line) => !line.includes("k6 received a 'terminated' signal"));
      return { ...state, exitCode: state.exitCode || null, logTail };
    }
    await store.put(this.keys.summaryOutput, returned);
    return state;
  }

  private async setupData(): Promise<SetupData> {
    const body = await this.options.store.get(this.keys.setupData);
    return body === null ? { kind: 'undefined' } : decodeJson(SetupData, body, 'setup-data.json');
  }

  /** Without its windows the load of this task would be for nothing: it ends and says why. */
  private async onShipError(error: Error): Promise<void> {
    await this.report.update({ phase: 'failed', message: `cannot write to the store: ${error.message}` });
    await this.load?.terminate(STOP_GRACE_MS);
  }

  private async writeLog(): Promise<void> {
    const { store, plan, ref } = this.options;
    const text = this.log.text();
    if (text === '') return;
    const body = await promisify(gzip)(text);
    await store.put(taskKeys(plan.id, ref.task, ref.attempt).log, body).catch(() => undefined);
  }
}

const endMessage = (code: number): string | null =>
  code === 0 ? null : `k6 ended with ${code < 0 ? 'a signal' : `exit code ${code}`}`;
