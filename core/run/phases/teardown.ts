import { K6Exit } from '../../contract/exit-codes.ts';
import { hasStarted } from '../state.ts';
import { assignJobAfterLoad, jobOutcome, killOverdueJob } from './job.ts';
import { isSetupComplete } from './setup.ts';
import { type Step, thresholdStop } from './step.ts';
import { enterSummary } from './summary.ts';

/** The load is over. Without anything to tear down the run goes straight to the summary. */
export function enterTeardown(step: Step): void {
  const { state, plan } = step;
  // As in k6, what setup() created is torn down even if no load followed it.
  const isSetUp = plan.exports.setup ? isSetupComplete(state.setup) : hasStarted(state, step.input.now);
  if (plan.exports.teardown && isSetUp) {
    step.enter('teardown');
    assignJobAfterLoad(step, 'teardown');
  } else {
    enterSummary(step);
  }
}

/** Teardown: one task runs teardown(). Then the summary. */
export function advanceTeardown(step: Step): void {
  // As in k6, teardown() runs to its end; the run fails all the same.
  if (step.input.abort !== null) step.stop(thresholdStop(step.input.abort));
  const outcome = jobOutcome(step);
  if (outcome === null) {
    killOverdueJob(step, step.plan.teardownTimeoutMs);
    return;
  }
  if (outcome.exitCode === K6Exit.markedAsFailed) step.state.markedFailed = true;
  step.state.teardown = outcome;
  enterSummary(step);
}
