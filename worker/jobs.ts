import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Job, workersMayExit } from '../core/contract/control.ts';
import { SUMMARY_FILE_ENV } from '../core/contract/env.ts';
import { K6Exit } from '../core/contract/exit-codes.ts';
import type { Plan } from '../core/contract/plan.ts';
import type { RunFiles } from '../core/contract/run-files.ts';
import type { JobStatus } from '../core/contract/task-status.ts';
import type { WindowJob } from '../core/contract/window.ts';
import type { TaskRef } from '../core/ports.ts';
import { isComplete, isStopped } from '../core/run/k6-exit.ts';
import type { ConsoleCapture } from './console-capture.ts';
import { type ControlPoller, SHUTDOWN_MESSAGE } from './control-poller.ts';
import { K6Status } from './k6-api.ts';
import { setupArgs, summaryArgs, teardownArgs } from './k6-args.ts';
import type { K6Environment } from './k6-environment.ts';
import { K6Process, LOAD_STOP_GRACE_MS } from './k6-process.ts';
import type { LogBuffer } from './log-buffer.ts';
import { readSetupData, summaryArgument } from './setup-data.ts';
import type { Shipper } from './shipper.ts';
import type { StatusReporter } from './status-reporter.ts';

/** What the jobs of a task share with its load. */
export interface JobRunnerOptions {
  files: RunFiles;
  plan: Plan;
  ref: TaskRef;
  k6Binary: string;
  workDir: string;
  /** Path of the run's archive. */
  archive: string;
  control: ControlPoller;
  report: StatusReporter;
  shipper: Shipper;
  log: LogBuffer;
  /** Saves the log, so that it is in the store before the job is reported. */
  saveLog: () => Promise<void>;
  console: ConsoleCapture;
}

/**
 * Runs the jobs that the coordinator gives to this task: setup(), teardown() or handleSummary(), each in a k6 of its own.
 * A job that fails is reported, never thrown.
 */
export class JobRunner {
  /** The k6 of the current or latest job. */
  k6: K6Process | null = null;
  private current: Promise<void> = Promise.resolve();
  private kind: Job['kind'] | null = null;
  private lastNr = 0;

  constructor(private readonly options: JobRunnerOptions) {}

  /** Runs jobs until the run is finished or this worker shuts down. */
  async serve(environment: K6Environment): Promise<void> {
    const { ref, control } = this.options;
    const mine = (job: Job | null): job is Job =>
      job !== null && job.task === ref.task && job.attempt === ref.attempt && job.nr > this.lastNr;
    const isOver = () => control.current !== null && workersMayExit(control.current.phase);
    while (control.shutdownReason === null && !isOver()) {
      await control.until(({ phase, job }) => workersMayExit(phase) || phase === 'stopping' || mine(job));
      const { current } = control;
      if (current?.phase === 'stopping') {
        // Ctrl-C interrupts setup() but never teardown(), as in k6.
        if (this.kind === 'setup') await this.k6?.terminate(LOAD_STOP_GRACE_MS);
        // The coordinator waits for the status of a job that it ordered just before the stop.
        if (mine(current.job)) await this.decline(current.job);
        await control.until(({ phase }) => phase !== 'stopping');
      } else if (current !== null && mine(current.job)) {
        this.lastNr = current.job.nr;
        this.kind = current.job.kind;
        this.current = this.perform(current.job, environment).finally(() => {
          this.kind = null;
        });
      }
    }
    if (this.k6?.exitCode === null) await this.k6.terminate(LOAD_STOP_GRACE_MS);
    await this.current;
  }

  /** Ends the k6 of a job that cannot be brought to its end. */
  private async endFailedJob(job: Job, { message }: Error): Promise<JobStatus> {
    const { k6 } = this;
    await k6?.terminate(LOAD_STOP_GRACE_MS); // it may still be paused, and would wait forever
    return k6?.diedByItself ? jobStatus(job, k6, 0) : failedJob(job.nr, message);
  }

  private decline({ nr }: Job): Promise<void> {
    this.lastNr = nr;
    return this.options.report.update({ job: failedJob(nr, 'the run was stopped before it began') });
  }

  private async perform(job: Job, environment: K6Environment): Promise<void> {
    const { shipper, report, saveLog, console } = this.options;
    const printed = console.next();
    let status: JobStatus;
    this.k6 = null;
    try {
      status = await this.runJob(job, environment, printed.args);
    } catch (error) {
      status = await this.endFailedJob(job, error as Error);
    }
    const { shutdownReason } = this.options.control;
    if (shutdownReason !== null && isStopped(status.exitCode)) {
      status = failedJob(job.nr, SHUTDOWN_MESSAGE[shutdownReason]);
    }
    await Promise.all([shipper.flush(), saveLog(), printed.save()]);
    await report.update({ job: status, windows: shipper.shipped });
  }

  private async runJob(job: Job, environment: K6Environment, consoleArgs: string[]): Promise<JobStatus> {
    const { files, plan, k6Binary, archive, log, shipper, control } = this.options;
    const context = (kind: WindowJob | null): JobContext => ({
      plan,
      binary: k6Binary,
      ...environment,
      archive,
      consoleArgs,
      log,
      onCells: (line) => kind !== null && shipper.add(kind, line),
      onSpawn: (k6) => {
        this.k6 = k6;
        // The run was stopped before there was a k6 to terminate.
        if (kind === 'setup' && control.current?.phase === 'stopping') void k6.terminate(LOAD_STOP_GRACE_MS);
      },
    });
    switch (job.kind) {
      case 'setup':
        return runSetup(job, context('setup'), files);
      case 'teardown':
        return runTeardown(job, context('teardown'), await readSetupData(files, plan));
      case 'summary':
        return this.handleSummary(job, context(null));
    }
  }

  private async handleSummary(job: Job, context: JobContext): Promise<JobStatus> {
    const { files, plan, workDir } = this.options;
    const archive = join(workDir, 'summary.tar');
    const output = join(workDir, 'handle-summary.json');
    await writeFile(archive, (await files.summaryArchive()) ?? '');
    const summary = await files.summaryInput();
    if (summary === null) throw new Error(`${files.keys.summaryInput} is missing: handleSummary has no data`);
    // The summary archive has the limit of the script only, the plan also that of a K6_… variable.
    const timeout = `${plan.handleSummaryTimeoutMs}ms`;
    const env = { ...context.env, [SUMMARY_FILE_ENV]: output, K6_HANDLE_SUMMARY_TIMEOUT: timeout };
    const argument = summaryArgument(summary, await files.setupData());
    const status = await runHandleSummary(job, { ...context, archive, env }, argument);
    const returned = await readFile(output).catch(() => null);
    if (returned === null) return { ...status, exitCode: status.exitCode || null };
    await files.putSummaryOutput(returned);
    return status;
  }
}

/** What running a job needs. */
interface JobContext extends K6Environment {
  plan: Plan;
  binary: string;
  archive: string;
  /** Where k6 writes what the script prints. */
  consoleArgs: string[];
  log: LogBuffer;
  onCells: (line: string) => void;
  /** Called when k6 has been spawned, so that it can be terminated. */
  onSpawn: (k6: K6Process) => void;
}

/** How long the k6 of a job may take to exit after its test has ended, ms: there is no iteration to interrupt. */
const JOB_STOP_GRACE_MS = 10_000;
/** How long k6 may take to get to handleSummary and to exit after it, ms, on top of the script's own limit. */
const HANDLE_SUMMARY_OVERHEAD_MS = 30_000;

/** The status of a job whose k6 has exited. */
const jobStatus = ({ nr }: Job, k6: K6Process, durationMs: number): JobStatus => {
  const code = k6.exitCode ?? -1;
  return {
    nr,
    exitCode: code < 0 ? null : code,
    durationMs,
    message: code < 0 ? k6.exitMessage : null,
    logTail: code === 0 ? [] : k6.log.lastLines(20),
  };
};

/** The status of a job that has failed for a reason which is not k6's. */
const failedJob = (nr: number, message: string): JobStatus => ({
  nr,
  exitCode: null,
  durationMs: 0,
  message,
  logTail: [],
});

/**
 * Runs the script's setup() and passes on what it returned. If that fails, the status has k6's exit code and a message.
 * The data may be large: reading and writing it take as long as they take.
 */
async function runSetup(job: Job, context: JobContext, files: RunFiles): Promise<JobStatus> {
  const k6 = await K6Process.startPaused(
    { ...context, args: [...context.consoleArgs, ...setupArgs(context.plan, context.archive, context)] },
    context.onSpawn,
  );
  if (k6.exitCode !== null) return jobStatus(job, k6, 0);
  const from = performance.now();
  await k6.api.resume();
  await k6.reached(K6Status.ended);
  const durationMs = performance.now() - from;
  const read = k6.exitCode === null ? await k6.api.setupData().catch((error: Error) => error) : null;
  // The test has ended and k6 keeps the exit code of setup(): the signal ends only its lingering.
  if (k6.exitCode === null) await k6.terminate(JOB_STOP_GRACE_MS);
  const status = jobStatus(job, k6, durationMs);
  if (!isComplete(status.exitCode)) return status;
  if (read === null) return { ...status, message: 'k6 exited before it was read' };
  if (read instanceof Error) return { ...status, message: read.message };
  const failed = await files.putSetupData(read).catch((error: Error) => error);
  return failed instanceof Error ? { ...status, message: failed.message } : status;
}

/** Runs the script's teardown() with the setup data. */
async function runTeardown(job: Job, context: JobContext, data: Uint8Array): Promise<JobStatus> {
  const k6 = await K6Process.startPaused(
    { ...context, args: [...context.consoleArgs, ...teardownArgs(context.plan, context.archive, context)] },
    context.onSpawn,
  );
  if (k6.exitCode !== null) return jobStatus(job, k6, 0);
  if (data.length > 0) await k6.api.putSetupData([data]);
  const from = performance.now();
  await k6.api.resume();
  await k6.exited;
  return jobStatus(job, k6, performance.now() - from);
}

/**
 * Calls the script's handleSummary with the merged data, in a k6 that sends no load: the data is passed as setup data, and
 * SIGTERM makes k6 call handleSummary and exit with `externalAbort`.
 */
async function runHandleSummary(job: Job, context: JobContext, argument: Uint8Array[]): Promise<JobStatus> {
  const from = performance.now();
  const k6 = await K6Process.startPaused(
    { ...context, args: [...context.consoleArgs, ...summaryArgs(context.plan, context.archive, context)] },
    context.onSpawn,
  );
  if (k6.exitCode !== null) return jobStatus(job, k6, 0);
  await k6.api.putSetupData(argument);
  await k6.terminate(context.plan.handleSummaryTimeoutMs + HANDLE_SUMMARY_OVERHEAD_MS);
  const status = jobStatus(job, k6, performance.now() - from);
  // The last line of k6's log is about the signal that made it call handleSummary.
  const logTail = status.logTail.filter((line) => !line.includes("k6 received a 'terminated' signal"));
  return { ...status, exitCode: status.exitCode === K6Exit.externalAbort ? 0 : status.exitCode, logTail };
}
