import { K6Exit } from '../../contract/exit-codes.ts';
import { warn } from '../state.ts';
import { assignJobAfterLoad, failureCause, jobOutcome, killOverdueJob } from './job.ts';
import { enterObserving } from './observing.ts';
import type { Step } from './step.ts';

/** A script without handleSummary(), or a run that could not be started, goes straight on to observing. */
export function enterSummary(step: Step): void {
  const { state } = step;
  state.job = null;
  if (!step.plan.exports.handleSummary || state.stop?.kind === 'not-started') {
    enterObserving(step);
    return;
  }
  step.effects.writeSummary = true;
  step.enter('summary');
  assignJobAfterLoad(step, 'summary');
}

/** Summary: one task runs handleSummary(), which a request to stop interrupts, as in k6. Then observing. */
export function advanceSummary(step: Step): void {
  const outcome = jobOutcome(step);
  if (outcome === null && step.newStopRequest !== null) {
    warn(step.state, 'handleSummary() was interrupted, so the summary is the one of k6-fleet');
    step.state.job = null;
    enterObserving(step);
    return;
  }
  if (outcome === null) {
    killOverdueJob(step, step.plan.handleSummaryTimeoutMs);
    return;
  }
  step.state.summary = outcome;
  if (outcome.exitCode !== K6Exit.ok) {
    warn(step.state, `handleSummary() failed, so the summary is the one of k6-fleet: ${failureCause(outcome)}`);
  }
  step.state.job = null;
  enterObserving(step);
}
