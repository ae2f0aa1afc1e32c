import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { workersMayExit } from '../core/contract/control.ts';
import type { Plan } from '../core/contract/plan.ts';
import { RunFiles } from '../core/contract/run-files.ts';
import type { Store, TaskRef } from '../core/ports.ts';
import { ConsoleCapture } from './console-capture.ts';
import { ControlPoller, SHUTDOWN_MESSAGE } from './control-poller.ts';
import { type CpuMeter, cpuMeter } from './cpu-meter.ts';
import { JobRunner } from './jobs.ts';
import { loadArgs } from './k6-args.ts';
import { inheritedEnvironment, type K6Environment } from './k6-environment.ts';
import { K6Process, LOAD_STOP_GRACE_MS } from './k6-process.ts';
import { LogBuffer } from './log-buffer.ts';
import { readSetupData } from './setup-data.ts';
import { Shipper } from './shipper.ts';
import { StatusReporter } from './status-reporter.ts';

export interface WorkerOptions {
  store: Store;
  plan: Plan;
  ref: TaskRef;
  k6Binary: string;
  /** A folder of its own; removed at the end. */
  workDir: string;
  /** Finds out what k6 and so the script may see. @throws Error with one line for the operator */
  environment: () => Promise<K6Environment>;
  /** How many processors the task has to itself; null: it shares all of the machine's. */
  cpus: number | null;
}

/** How long a k6 that has not sent any load may take to exit, ms: there is nothing to lose. */
const UNSTARTED_GRACE_MS = 3000;

/**
 * The program in a task: supervises k6, obeys control.json, ships windows. It may be killed at any time; what it had
 * shipped stays.
 */
export class Worker {
  private readonly control: ControlPoller;
  private readonly report: StatusReporter;
  private readonly shipper: Shipper;
  private readonly log = new LogBuffer();
  private readonly files: RunFiles;
  private readonly archive: string;
  private readonly jobs: JobRunner;
  private readonly console: ConsoleCapture;
  private k6Env: K6Environment = inheritedEnvironment({});
  private load: K6Process | null = null;
  private started = false;
  private savingLog: Promise<void> = Promise.resolve();
  /** How much of the log has been saved, bytes. */
  private savedBytes = 0;

  constructor(private readonly options: WorkerOptions) {
    const { store, plan, ref } = options;
    this.files = new RunFiles(store, plan.id);
    this.archive = join(options.workDir, 'archive.tar');
    this.control = new ControlPoller(this.files, ref, plan.timing, () => this.now());
    this.report = new StatusReporter(this.files, ref);
    this.shipper = new Shipper(this.files, ref, (error) => void this.onShipError(error), this.cpu());
    const { files, control, report, shipper, log, archive } = this;
    const taskFiles = this.files.task(ref.task, ref.attempt);
    const { workDir } = options;
    this.console = new ConsoleCapture({ enabled: plan.consoleOutput, workDir, files: taskFiles, task: ref.task });
    const saveLog = () => this.saveLog();
    this.jobs = new JobRunner({
      ...options,
      files,
      control,
      report,
      shipper,
      log,
      archive,
      saveLog,
      console: this.console,
    });
  }

  /** Resolves once the run is finished or this worker has shut down. */
  async run(): Promise<void> {
    const { workDir } = this.options;
    await mkdir(workDir, { recursive: true, mode: 0o700 });
    let logTimer: NodeJS.Timeout | undefined;
    try {
      await this.control.start();
      await this.report.update({ phase: 'starting' });
      if (!(await this.prepare())) return;
      await writeFile(this.archive, (await this.files.archive()) ?? '');
      this.shipper.start(this.options.plan.timing.windowMs);
      logTimer = setInterval(() => void this.saveLog(), logIntervalMs(this.options.plan));
      const jobs = this.jobs.serve(this.k6Env);
      const phase = this.control.current?.phase;
      // A task that is launched after the load, only for a job, has no load of its own.
      if (phase === 'teardown' || phase === 'summary') await this.report.update({ phase: 'done', endedAt: Date.now() });
      else await this.runLoad();
      await jobs;
    } finally {
      clearInterval(logTimer);
      this.control.stop();
      this.shipper.stop();
      await this.endK6();
      await this.shipper.flush();
      await Promise.all([this.saveLog(), this.console.saveAll()]);
      await rm(workDir, { recursive: true, force: true });
    }
  }

  /** Stops k6 gracefully, ships what it measured, and lets `run` resolve. */
  shutdown(): void {
    this.control.shutdown('signal');
  }

  /** The time by the store's clock, which stands for the coordinator's, Unix ms. */
  private now(): number {
    return Date.now() + (this.options.store.clock?.offsetMs() ?? 0);
  }

  private cpu(): CpuMeter {
    const pids = () =>
      [this.load, this.jobs.k6].flatMap((k6) => (k6?.exitCode === null && k6.pid !== null ? [k6.pid] : []));
    return cpuMeter(this.options.cpus, pids);
  }

  /** Resolves the script's environment. False: that failed, and the status says why. */
  private async prepare(): Promise<boolean> {
    try {
      this.k6Env = await this.options.environment();
    } catch (error) {
      await this.report.update({ phase: 'failed', message: (error as Error).message });
      return false;
    }
    this.log.redact(this.k6Env.secrets);
    this.shipper.redact(this.k6Env.secrets);
    this.console.redact(this.k6Env.secrets);
    return true;
  }

  private async endK6(): Promise<void> {
    await Promise.all(
      [this.load, this.jobs.k6].map((k6) => (k6?.exitCode === null ? k6.terminate(LOAD_STOP_GRACE_MS) : null)),
    );
  }

  private async runLoad(): Promise<void> {
    const { plan, ref, k6Binary } = this.options;
    const printed = this.console.next();
    let stopped = Promise.resolve();
    // If the task never becomes ready, this is all that can be known of why.
    const logTimer = setInterval(
      () => void this.report.update({ logTail: this.load?.log.lastLines(20) ?? [] }),
      plan.timing.windowMs,
    );
    const k6 = await K6Process.startPaused(
      {
        binary: k6Binary,
        args: [...printed.args, ...loadArgs(plan, ref.task, this.archive, this.k6Env)],
        env: this.k6Env.env,
        log: this.log,
        onCells: (line) => {
          // Before the start, only the VUs' init code runs, which a single k6 does not count either.
          if (this.started) this.shipper.add('load', line);
        },
      },
      (spawned) => {
        this.load = spawned;
        this.report.status.k6Pid = spawned.pid;
        stopped = this.stopOnOrder(spawned);
      },
    );
    clearInterval(logTimer);
    let failure: string | null = null;
    if (k6.exitCode === null) {
      await this.report.update({ phase: 'ready' });
      await this.armAndStart(k6).catch(async (error: Error) => {
        this.log.line(`k6-fleet: ${error.message}`);
        await k6.terminate(LOAD_STOP_GRACE_MS);
        // What failed may be because k6 died.
        if (!k6.diedByItself) failure = error.message;
      });
    }
    const code = await k6.exited;
    const endedAt = Date.now();
    await stopped;
    await this.shipper.flush();
    if (this.shipper.error !== null) return;
    await Promise.all([this.saveLog(), printed.save()]);
    const { shutdownReason } = this.control;
    const shutdown = shutdownReason === null ? null : SHUTDOWN_MESSAGE[shutdownReason];
    const cause = k6.diedByItself ? null : (shutdown ?? failure);
    await this.report.update({
      phase: 'done',
      exitCode: code,
      endedAt,
      windows: this.shipper.shipped,
      message: cause ?? k6.exitMessage,
      logTail: code === 0 || cause !== null ? [] : k6.log.lastLines(20),
    });
  }

  /** Loads the setup data in phase `arming`, then resumes k6 at the common `startAt`. */
  private async armAndStart(k6: K6Process): Promise<void> {
    const ordered = this.control.until(({ phase }) => phase === 'arming' || phase === 'running');
    await Promise.race([ordered, k6.exited]);
    if (this.control.current?.phase === 'arming') {
      const data = await readSetupData(this.files, this.options.plan);
      if (data.length > 0) await k6.api.putSetupData([data]);
      await this.report.update({ phase: 'armed' });
      await Promise.race([this.control.until(({ phase }) => phase !== 'arming'), k6.exited]);
    }
    const startAt = this.control.current?.startAt;
    if (this.control.current?.phase !== 'running' || startAt === null || startAt === undefined) return;
    // In steps, since each response of the store improves the estimate of its clock.
    for (let left = startAt - this.now(); left > 0; left = startAt - this.now()) await sleep(Math.min(left, 1000));
    if (k6.exitCode !== null) return;
    this.started = true;
    const skew = this.now() - startAt;
    await k6.api.resume();
    await this.report.update({ phase: 'running', startSkewMs: skew });
  }

  /** Stops the k6 of the load when the run stops or this worker shuts down. */
  private async stopOnOrder(k6: K6Process): Promise<void> {
    const ordered = this.control.until(({ phase }) => phase === 'stopping' || workersMayExit(phase));
    await Promise.race([ordered, k6.exited]);
    if (k6.exitCode !== null) return;
    await (this.started ? k6.abort(LOAD_STOP_GRACE_MS) : k6.terminate(UNSTARTED_GRACE_MS));
  }

  /** Load whose windows are lost is useless: the task fails and stops its k6. */
  private async onShipError(error: Error): Promise<void> {
    await this.report.update({ phase: 'failed', message: `cannot write to the store: ${error.message}` });
    await this.load?.terminate(LOAD_STOP_GRACE_MS);
  }

  /** Writes the log if it has grown. A log that cannot be written ends nothing; the next time it is tried again. */
  private saveLog(): Promise<void> {
    this.savingLog = this.savingLog.then(() => this.saveLogNow()).catch(() => undefined);
    return this.savingLog;
  }

  private async saveLogNow(): Promise<void> {
    const { task, attempt } = this.options.ref;
    const { added } = this.log;
    if (added === this.savedBytes) return;
    await this.files.task(task, attempt).putLog(await promisify(gzip)(this.log.text()));
    this.savedBytes = added;
  }
}

/**
 * How often a log that grows is saved, ms: so that it can be followed, and outlives a task that is killed. In a large
 * fleet a window, which costs as much, is shipped twice as often.
 */
const logIntervalMs = ({ timing }: Plan): number => Math.max(5000, 2 * timing.windowMs);
