import type { Job } from '../core/contract/control.ts';
import { K6Exit } from '../core/contract/exit-codes.ts';
import type { Plan } from '../core/contract/plan.ts';
import type { SetupData } from '../core/contract/script-data.ts';
import type { JobStatus } from '../core/contract/task-status.ts';
import { K6Status } from './k6-api.ts';
import { setupArgs, summaryArgs, teardownArgs } from './k6-args.ts';
import { K6Process } from './k6-process.ts';
import type { LogBuffer } from './log-buffer.ts';

/** What a job needs of its worker. */
export interface JobContext {
  plan: Plan;
  binary: string;
  env: NodeJS.ProcessEnv;
  blockedIPs: string[];
  archive: string;
  log: LogBuffer;
  onCells: (line: string) => void;
  /** Tells the worker which k6 runs now, so that it can end it. */
  onSpawn: (k6: K6Process) => void;
}

const STOP_GRACE_MS = 10_000;
/** More than k6's own limit for handleSummary, which is two minutes. */
const HANDLE_SUMMARY_MS = 150_000;

interface Outcome {
  exitCode: number;
  durationMs: number;
}

const jobState = (job: Job, outcome: Outcome, log: LogBuffer): JobStatus => ({
  nr: job.nr,
  exitCode: outcome.exitCode < 0 ? null : outcome.exitCode,
  durationMs: outcome.durationMs,
  logTail: outcome.exitCode === 0 ? [] : log.lastLines(20),
});

/** Un-pauses a k6 and waits until its test, in which nobody sends load, is over. */
async function runTest(k6: K6Process, finish: () => Promise<number>): Promise<Outcome> {
  if (k6.exitCode !== null) return { exitCode: k6.exitCode, durationMs: 0 };
  const from = performance.now();
  try {
    await k6.api.resume();
  } catch {
    return { exitCode: await k6.terminate(STOP_GRACE_MS), durationMs: performance.now() - from };
  }
  const exitCode = await finish();
  return { exitCode, durationMs: performance.now() - from };
}

/** Runs the script's setup() and reads what it returned. */
export async function runSetup(job: Job, context: JobContext): Promise<{ state: JobStatus; data: SetupData | null }> {
  const k6 = await K6Process.startPaused(
    { ...context, args: setupArgs(context.plan, context.archive, context.blockedIPs) },
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
    // The signal ends the lingering only: the test is over, and k6 keeps the exit code of setup().
    return k6.terminate(STOP_GRACE_MS);
  });
  return { state: jobState(job, { ...outcome, durationMs }, context.log), data };
}

/** Runs the script's teardown() with the setup data. */
export async function runTeardown(job: Job, context: JobContext, data: SetupData): Promise<JobStatus> {
  const k6 = await K6Process.startPaused(
    { ...context, args: teardownArgs(context.plan, context.archive, context.blockedIPs) },
    context.onSpawn,
  );
  if (k6.exitCode === null && data.kind === 'value') await k6.api.putSetupData(data.value);
  const outcome = await runTest(k6, () => k6.exited);
  return jobState(job, outcome, context.log);
}

/**
 * Calls the script's handleSummary with the merged data, by way of a k6 that sends no load: the data goes in as setup
 * data, and the signal makes k6 call handleSummary and leave with `externalAbort`.
 */
export async function runHandleSummary(job: Job, context: JobContext, data: unknown): Promise<JobStatus> {
  const from = performance.now();
  const k6 = await K6Process.startPaused(
    { ...context, args: summaryArgs(context.plan, context.archive, context.blockedIPs) },
    context.onSpawn,
  );
  if (k6.exitCode === null) await k6.api.putSetupData(data);
  const code = await k6.terminate(HANDLE_SUMMARY_MS);
  const exitCode = code === K6Exit.externalAbort ? 0 : code;
  return jobState(job, { exitCode, durationMs: performance.now() - from }, context.log);
}
