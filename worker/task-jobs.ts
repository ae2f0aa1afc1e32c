import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Job, workersMayExit } from '../core/contract/control.ts';
import { SUMMARY_FILE_ENV } from '../core/contract/env.ts';
import type { Plan } from '../core/contract/plan.ts';
import type { RunFiles } from '../core/contract/run-files.ts';
import type { SetupData } from '../core/contract/script-data.ts';
import type { JobStatus } from '../core/contract/task-status.ts';
import type { WindowJob } from '../core/contract/window.ts';
import type { TaskRef } from '../core/ports.ts';
import type { ControlPoller } from './control-poller.ts';
import { type JobContext, runHandleSummary, runSetup, runTeardown } from './jobs.ts';
import type { K6Environment } from './k6-environment.ts';
import { type K6Process, STOP_GRACE_MS } from './k6-process.ts';
import type { LogBuffer } from './log-buffer.ts';
import type { Shipper } from './shipper.ts';
import type { StatusReporter } from './status-reporter.ts';

/** What the jobs of a task share with its load. */
export interface TaskJobsOptions {
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

/** Does what one task does for the whole run: setup(), teardown(), handleSummary(). */
export class TaskJobs {
  /** The k6 of the present or latest job. */
  k6: K6Process | null = null;
  private present: Promise<void> = Promise.resolve();
  private kind: Job['kind'] | null = null;
  private lastNr = 0;

  constructor(private readonly options: TaskJobsOptions) {}

  /** Does the jobs that the coordinator gives to this task, until the run is finished or this worker is dismissed. */
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
        if (this.kind === 'setup') await this.k6?.terminate(STOP_GRACE_MS);
        // The coordinator waits for an answer to a job that came just before the stop.
        if (mine(current.job)) await this.decline(current.job);
        await control.until(({ phase }) => phase !== 'stopping');
      } else if (current !== null && mine(current.job)) {
        this.lastNr = current.job.nr;
        this.kind = current.job.kind;
        this.present = this.perform(current.job, environment).finally(() => {
          this.kind = null;
        });
      }
    }
    if (this.k6?.exitCode === null) await this.k6.terminate(STOP_GRACE_MS);
    await this.present;
  }

  private decline({ nr }: Job): Promise<void> {
    this.lastNr = nr;
    return this.options.report.update({ job: { nr, exitCode: null, durationMs: 0, logTail: [] } });
  }

  private async perform(job: Job, environment: K6Environment): Promise<void> {
    const { shipper, report } = this.options;
    let state: JobStatus;
    try {
      state = await this.runJob(job, environment);
    } catch (error) {
      await this.k6?.terminate(STOP_GRACE_MS); // it may be paused still, and would wait for ever
      state = { nr: job.nr, exitCode: null, durationMs: 0, logTail: [(error as Error).message] };
    }
    await shipper.flush();
    await report.update({ job: state, windows: shipper.shipped });
  }

  private async runJob(job: Job, { env, blockedIPs }: K6Environment): Promise<JobStatus> {
    const { files, plan, k6Binary, archive, log, shipper, control } = this.options;
    const context = (kind: WindowJob | null): JobContext => ({
      plan,
      binary: k6Binary,
      env,
      blockedIPs,
      archive,
      log,
      onCells: (line) => kind !== null && shipper.add(kind, line),
      onSpawn: (k6) => {
        this.k6 = k6;
        // A stop that came while there was nothing to end yet.
        if (kind === 'setup' && control.current?.phase === 'stopping') void k6.terminate(STOP_GRACE_MS);
      },
    });
    switch (job.kind) {
      case 'setup': {
        const { state, data } = await runSetup(job, context('setup'));
        if (data !== null) await files.putSetupData(data);
        return state;
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
    const state = await runHandleSummary(job, { ...context, archive, env }, input);
    const returned = await readFile(output).catch(() => null);
    if (returned === null) {
      // k6 speaks last of the signal by which we made it call handleSummary.
      const logTail = log.lastLines(20).filter((line) => !line.includes("k6 received a 'terminated' signal"));
      return { ...state, exitCode: state.exitCode || null, logTail };
    }
    await files.putSummaryOutput(returned);
    return state;
  }
}

/** The setup data; a run without it has no setup(). */
export const readSetupData = async (files: RunFiles): Promise<SetupData> =>
  (await files.setupData()) ?? { kind: 'undefined' };
