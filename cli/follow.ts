import { setTimeout as sleep } from 'node:timers/promises';
import type { Phase } from '../core/contract/control.ts';
import { FleetExit } from '../core/contract/exit-codes.ts';
import type { Progress } from '../core/contract/progress.ts';
import type { Result } from '../core/contract/result.ts';
import { UserError } from '../core/errors.ts';
import { type OutcomeOptions, printOutcome } from './outcome.ts';
import { stopNotice } from './render/stop-text.ts';
import type { StoredRun } from './runs.ts';
import { promptOnInterrupt } from './signals.ts';
import { coloursOf, LiveProgress } from './terminal.ts';

/** The coordinator writes its progress about once a second. */
const POLL_MS = 1000;
/** How often the last progress is read after the result: a coordinator may have died between the two. */
const LAST_PROGRESS_POLLS = 4;
/** This many polls must find a coordinator silent: after a machine wakes up, the coordinator has time to report. */
const SILENT_POLLS = 5;

export interface FollowOptions extends OutcomeOptions {
  quiet?: boolean;
  /** The folder of runs on this machine, into which the results of a stack's run are copied. */
  store: string;
}

/**
 * Shows a run that another process coordinates until it ends, and prints its outcome; the run's exit code becomes this
 * process's. If the user detaches, it prints how to attach again.
 * @throws UserError if the run ended without a result, or nothing coordinates it any more
 */
export async function followRun(run: StoredRun, options: FollowOptions): Promise<void> {
  const result = await untilResult(run, options.quiet === true);
  if (result === 'detached') {
    process.stderr.write(`the run continues; watch it with: k6-fleet attach ${run.id}${run.runs.flag}\n`);
    return;
  }
  const { stack } = run.runs;
  if (stack === null) await printOutcome(run, result, options);
  else {
    const { copyResults, resultLinks } = await import('./stack/results.ts');
    const copy = await copyResults(run, result, options);
    await printOutcome(copy, result, { ...options, links: resultLinks(run, stack, result) });
  }
  process.exitCode = result.verdict.exitCode || process.exitCode;
}

async function untilResult(run: StoredRun, quiet: boolean): Promise<Result | 'detached'> {
  const live = new LiveProgress(process.stderr, coloursOf(process.stderr), { view: !quiet, console: true });
  const assertActive = await activityCheck(run);
  let phase: Phase | null = null;
  const prompt = promptOnInterrupt({
    before: () => live.clear(),
    stop: (by) => run.requestStop(by),
    notice: () => stopNotice(phase),
  });
  try {
    while (!prompt.detached) {
      const result = await run.result();
      if (result !== null) {
        await showLast(run, live);
        return result;
      }
      const progress = await run.progress();
      phase = progress?.phase ?? null;
      if (progress !== null && !prompt.asking) live.show(progress);
      await assertActive(progress);
      await sleep(POLL_MS, undefined, { signal: prompt.detach }).catch(() => undefined);
    }
    return 'detached';
  } finally {
    prompt.release();
    live.clear();
  }
}

/** The last progress, with the last lines of the console, is written just after the result. */
async function showLast(run: StoredRun, live: LiveProgress): Promise<void> {
  for (let polls = 0; polls < LAST_PROGRESS_POLLS; polls++) {
    const progress = await run.progress();
    if (progress === null) return;
    live.show(progress);
    if (progress.phase === 'finished') return;
    await sleep(POLL_MS / LAST_PROGRESS_POLLS);
  }
}

/** A function that throws UserError once nothing coordinates the run any more. */
export async function activityCheck(run: StoredRun): Promise<(progress: Progress | null) => Promise<void>> {
  const { stack } = run.runs;
  if (stack !== null) {
    const { ExecutionPoller } = await import('./stack/execution.ts');
    const execution = new ExecutionPoller(stack, run.id);
    return () => execution.assertActive();
  }
  const plan = await run.plan();
  let silentPolls = 0;
  return async (progress) => {
    if (plan === null) return;
    const silentMs = Date.now() - (progress?.at ?? Date.parse(plan.createdAt));
    // Once the lease has expired, the run's tasks stop by themselves.
    silentPolls = silentMs < plan.timing.leaseMs ? 0 : silentPolls + 1;
    if (silentPolls < SILENT_POLLS) return;
    throw new UserError(
      `run ${run.id} has reported no progress for ${Math.round(silentMs / 1000)} s, so its coordinator must have died; finish it with: k6-fleet resume ${run.id}${run.runs.flag}`,
      FleetExit.internal,
    );
  };
}
