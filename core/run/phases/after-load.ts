/** After the last k6 has ended: teardown() once, handleSummary() once. */

import type { Job } from '../../contract/control.ts';
import { K6Exit } from '../../contract/exit-codes.ts';
import { isComplete, isStopped } from '../k6-exit.ts';
import { lastError } from '../k6-log.ts';
import { hasStarted, type TaskRecord, warn } from '../state.ts';
import { afterRun } from './observing.ts';
import { JOB_OVERHEAD_MS, type Step } from './step.ts';

/** k6's own limit for handleSummary. */
const HANDLE_SUMMARY_MS = 120_000;

export function afterLoad(step: Step): void {
  const { state, plan } = step;
  // As in k6: what setup() has made is to be torn down, even where no load came after it.
  const setUp = plan.exports.setup ? isComplete(state.setup?.exitCode) : hasStarted(state, step.input.now);
  state.job = null;
  if (plan.exports.teardown && setUp) {
    step.enter('teardown');
    giveJob(step, 'teardown');
  } else {
    summarise(step);
  }
}

export function afterTeardown(step: Step): void {
  const ended = step.jobEnded();
  if (ended === null) {
    killOverdue(step, step.plan.teardownTimeoutMs);
    return;
  }
  if (ended.exitCode === K6Exit.markedAsFailed) step.state.markedFailed = true;
  step.state.teardown = ended;
  summarise(step);
}

export function afterSummary(step: Step): void {
  const ended = step.jobEnded();
  if (ended === null) {
    killOverdue(step, HANDLE_SUMMARY_MS);
    return;
  }
  step.state.summary = ended;
  if (ended.exitCode !== K6Exit.ok) {
    const why = lastError(ended.logTail) ?? 'see the task log';
    warn(step.state, `handleSummary() failed, so the summary is k6-fleet's own: ${why}`);
  }
  step.state.job = null;
  afterRun(step);
}

function summarise(step: Step): void {
  const { state } = step;
  state.job = null;
  if (!step.plan.exports.handleSummary || state.stop?.kind === 'not-started') {
    afterRun(step);
    return;
  }
  step.effects.writeSummary = true;
  step.enter('summary');
  giveJob(step, 'summary');
}

/** Gives the job to a task that still lives; where there is none, to a new one that has only this to do. */
function giveJob(step: Step, kind: Job['kind']): void {
  const host = step.state.tasks.findIndex(
    (task, index) => task.status?.phase === 'done' && !isTakenAway(task) && step.isAlive(index),
  );
  const first = step.state.tasks[0];
  if (host < 0 && first !== undefined) {
    step.kill(0);
    first.attempt += 1;
    step.enqueue(0);
  }
  step.assign(kind, Math.max(0, host));
}

/** The platform ended its k6, as Spot does: the task itself may live a little longer, but cannot be counted on. */
const isTakenAway = ({ outcome, launchedAt }: TaskRecord): boolean =>
  outcome !== null && outcome.lost !== null && isStopped(outcome.exitCode) && (launchedAt ?? 0) <= outcome.endedAt;

function killOverdue(step: Step, limitMs: number): void {
  const { job, phaseSince, tasks } = step.state;
  const launchedAt = job === null ? null : (tasks[job.task]?.launchedAt ?? null);
  if (job === null || launchedAt === null) return;
  // One that was launched for the job has to start first.
  const startMs = launchedAt >= phaseSince ? step.plan.timing.readyTimeoutMs : 0;
  const since = Math.max(phaseSince, launchedAt);
  if (step.input.now - since > startMs + limitMs + JOB_OVERHEAD_MS) step.kill(job.task);
}
