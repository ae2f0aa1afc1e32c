import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Job, workersMayExit } from '../core/contract/control.ts';
import { SUMMARY_FILE_ENV } from '../core/contract/env.ts';
import { K6Exit } from '../core/contract/exit-codes.ts';
import type { Plan } from '../core/contract/plan.ts';
import type { RunFiles } from '../core/contract/run-files.ts';
import type { SetupData } from '../core/contract/script-data.ts';
import type { JobStatus } from '../core/contract/task-status.ts';
import type { WindowJob } from '../core/contract/window.ts';
import type { TaskRef } from '../core/ports.ts';
import type { ControlPoller } from './control-poller.ts';
import { K6Status } from './k6-api.ts';
import { setupArgs, summaryArgs, teardownArgs } from './k6-args.ts';
import type { K6Environment } from './k6-environment.ts';
import { K6Process, LOAD_STOP_GRACE_MS } from './k6-process.ts';
import type { LogBuffer } from './log-buffer.ts';
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

  private decline({ nr }: Job): Promise<void> {
    this.lastNr = nr;
    return this.options.report.update({ job: { nr, exitCode: null, durationMs: 0, logTail: [] } });
  }

  private async perform(job: Job, environment: K6Environment): Promise<void> {
    const { shipper, report } = this.options;
    let status: JobStatus;
    try {
      status = await this.runJob(job, environment);
    } catch (error) {
      await this.k6?.terminate(LOAD_STOP_GRACE_MS); // it may still be paused, and would wait forever
      status = { nr: job.nr, exitCode: null, durationMs: 0, logTail: [(error as Error).message] };
    }
    await shipper.flush();
    await report.update({ job: status, windows: shipper.shipped });
  }

  private async runJob(job: Job, environment: K6Environment): Promise<JobStatus> {
    const { files, plan, k6Binary, archive, log, shipper, control } = this.options;
    const context = (kind: WindowJob | null): JobContext => ({
      plan,
      binary: k6Binary,
      ...environment,
      archive,
      log,
      onCells: (line) => kind !== null && shipper.add(kind, line),
      onSpawn: (k6) => {
        this.k6 = k6;
        // The run was stopped before there was a k6 to terminate.
        if (kind === 'setup' && control.current?.phase === 'stopping') void k6.terminate(LOAD_STOP_GRACE_MS);
      },
    });
    switch (job.kind) {
      case 'setup': {
        const { status, data } = await runSetup(job, context('setup'));
        if (data !== null) await files.putSetupData(data);
        return status;
      }
      case 'teardown':
        return runTeardown(job, context('teardown'), await readSetupData(files));
      case 'summary':
        return this.handleSummary(job, context(null));
    }
  }

  private async handleSummary(job: Job, context: JobContext): Promise<JobStatus> {
    const { files, workDir, log } = this.options;
    const archive = join(workDir, 'summary.tar');
    const output = join(workDir, 'handle-summary.json');
    await writeFile(archive, (await files.summaryArchive()) ?? '');
    const input = await files.summaryInput();
    if (input === null) throw new Error(`${files.keys.summaryInput} is missing: handleSummary has no data`);
    const env = { ...context.env, [SUMMARY_FILE_ENV]: output };
    const status = await runHandleSummary(job, { ...context, archive, env }, input);
    const returned = await readFile(output).catch(() => null);
    if (returned === null) {
      // The last line of k6's log is about the signal that made it call handleSummary.
      const logTail = log.lastLines(20).filter((line) => !line.includes("k6 received a 'terminated' signal"));
      return { ...status, exitCode: status.exitCode || null, logTail };
    }
    await files.putSummaryOutput(returned);
    return status;
  }
}

/** The setup data; a run without it has no setup(). */
export const readSetupData = async (files: RunFiles): Promise<SetupData> =>
  (await files.setupData()) ?? { kind: 'undefined' };

/** What running a job needs. */
interface JobContext extends K6Environment {
  plan: Plan;
  binary: string;
  archive: string;
  log: LogBuffer;
  onCells: (line: string) => void;
  /** Called when k6 has been spawned, so that it can be terminated. */
  onSpawn: (k6: K6Process) => void;
}

/** How long the k6 of a job may take to exit after its test has ended, ms: there is no iteration to interrupt. */
const JOB_STOP_GRACE_MS = 10_000;
/** More than k6's own limit for handleSummary, which is two minutes. */
const HANDLE_SUMMARY_MS = 150_000;

interface Outcome {
  exitCode: number;
  durationMs: number;
}

const jobStatus = (job: Job, outcome: Outcome, log: LogBuffer): JobStatus => ({
  nr: job.nr,
  exitCode: outcome.exitCode < 0 ? null : outcome.exitCode,
  durationMs: outcome.durationMs,
  logTail: outcome.exitCode === 0 ? [] : log.lastLines(20),
});

/** Resumes a paused k6 and waits until its test, which sends no load, has ended. */
async function runTest(k6: K6Process, finish: () => Promise<number>): Promise<Outcome> {
  if (k6.exitCode !== null) return { exitCode: k6.exitCode, durationMs: 0 };
  const from = performance.now();
  try {
    await k6.api.resume();
  } catch {
    return { exitCode: await k6.terminate(JOB_STOP_GRACE_MS), durationMs: performance.now() - from };
  }
  const exitCode = await finish();
  return { exitCode, durationMs: performance.now() - from };
}

/** Runs the script's setup() and reads what it returned. */
async function runSetup(job: Job, context: JobContext): Promise<{ status: JobStatus; data: SetupData | null }> {
  const k6 = await K6Process.startPaused(
    { ...context, args: setupArgs(context.plan, context.archive, context) },
    context.onSpawn,
  );
  let data: SetupData | null = null;
  let durationMs = 0;
  const from = performance.now();
  const outcome = await runTest(k6, async () => {
    await k6.reached(K6Status.ended);
    durationMs = performance.now() - from;
    if (k6.exitCode !== null) return k6.exitCode;
    const answer = await k6.api.setupData().catch(() => null);
    if (answer !== null) data = 'data' in answer ? { kind: 'value', value: answer.data } : { kind: 'undefined' };
    // The test has ended and k6 keeps the exit code of setup(): the signal ends only its lingering.
    return k6.terminate(JOB_STOP_GRACE_MS);
  });
  return { status: jobStatus(job, { ...outcome, durationMs }, context.log), data };
}

/** Runs the script's teardown() with the setup data. */
async function runTeardown(job: Job, context: JobContext, data: SetupData): Promise<JobStatus> {
  const k6 = await K6Process.startPaused(
    { ...context, args: teardownArgs(context.plan, context.archive, context) },
    context.onSpawn,
  );
  if (k6.exitCode === null && data.kind === 'value') await k6.api.putSetupData(data.value);
  const outcome = await runTest(k6, () => k6.exited);
  return jobStatus(job, outcome, context.log);
}

/**
 * Calls the script's handleSummary with the merged data, in a k6 that sends no load: the data is passed as setup data, and
 * SIGTERM makes k6 call handleSummary and exit with `externalAbort`.
 */
async function runHandleSummary(job: Job, context: JobContext, data: unknown): Promise<JobStatus> {
  const from = performance.now();
  const k6 = await K6Process.startPaused(
    { ...context, args: summaryArgs(context.plan, context.archive, context) },
    context.onSpawn,
  );
  if (k6.exitCode === null) await k6.api.putSetupData(data);
  const code = await k6.terminate(HANDLE_SUMMARY_MS);
  const exitCode = code === K6Exit.externalAbort ? 0 : code;
  return jobStatus(job, { exitCode, durationMs: performance.now() - from }, context.log);
}
