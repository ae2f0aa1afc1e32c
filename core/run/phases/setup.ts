import { K6Exit } from '../../contract/exit-codes.ts';
import { isComplete } from '../k6-exit.ts';
import { lastError } from '../k6-log.ts';
import { type JobOutcome, warn } from '../state.ts';
import { assignJob, JOB_OVERHEAD_MS, jobOutcome } from './job.ts';
import { checkReadiness } from './readiness.ts';
import { type Step, thresholdStop } from './step.ts';

const MAX_SETUP_TRIES = 2;

export function enterSetup(step: Step): void {
  step.state.setupTries += 1;
  const host = step.state.tasks.findIndex((_, index) => step.isAlive(index));
  assignJob(step, 'setup', Math.max(0, host));
  step.enter('setup');
}

/** Setup: one task runs setup() while the others wait. Then arming. */
export function advanceSetup(step: Step): void {
  // Read before any task is replaced: the result of a task counts even if the task has been lost since.
  const outcome = jobOutcome(step);
  checkReadiness(step, outcome === null ? (step.state.job?.task ?? null) : null);
  if (step.stopping) return;
  // As k6 does: setup() is interrupted, and neither load nor teardown() follows.
  if (outcome === null && step.input.abort !== null) step.stop(thresholdStop(step.input.abort));
  else if (outcome === null) checkTimeout(step);
  else if (outcome.exitCode === null) retry(step);
  else complete(step, outcome, outcome.exitCode);
}

function checkTimeout(step: Step): void {
  const { state, plan, input } = step;
  if (input.now - state.phaseSince <= plan.setupTimeoutMs + JOB_OVERHEAD_MS) return;
  const message = `setup() did not end within its setupTimeout of ${plan.setupTimeoutMs / 1000} s`;
  step.stop({ kind: 'setup', message, exitCode: K6Exit.setupTimeout });
}

/** Its k6 or its task was killed, so it left nothing usable: another task runs setup() from the beginning. */
function retry(step: Step): void {
  if (step.state.setupTries >= MAX_SETUP_TRIES) {
    step.failToStart(`setup() did not complete: the task that ran it was lost ${MAX_SETUP_TRIES} times`);
  } else if (step.all('ready', 'armed')) {
    warn(step.state, 'the task that ran setup() was lost, so setup() ran again');
    enterSetup(step);
  }
}

function complete(step: Step, outcome: JobOutcome, exitCode: number): void {
  step.state.setup = outcome;
  if (exitCode === K6Exit.markedAsFailed) step.state.markedFailed = true;
  if (isComplete(exitCode)) {
    step.enter('arming');
  } else {
    const message = `setup() failed: ${lastError(outcome.logTail) ?? 'see the task log'}`;
    step.stop({ kind: 'setup', message, exitCode });
  }
}
