import { FleetExit, K6Exit } from '../../contract/exit-codes.ts';
import { isComplete } from '../k6-exit.ts';
import { type JobOutcome, warn } from '../state.ts';
import { assignJob, failureCause, jobLimitMs, jobOutcome } from './job.ts';
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
  else if (outcome.exitCode === null) retry(step, outcome);
  else complete(step, outcome, outcome.exitCode);
}

function checkTimeout(step: Step): void {
  const { state, plan, input } = step;
  if (input.now - state.phaseSince <= jobLimitMs(step, plan.setupTimeoutMs)) return;
  const message = `setup() did not end within its setupTimeout of ${plan.setupTimeoutMs / 1000} s`;
  step.stop({ kind: 'setup', message, exitCode: K6Exit.setupTimeout });
}

/** setup() ended in order, and its data is in the store. */
export const isSetupComplete = (setup: JobOutcome | null): boolean =>
  setup !== null && isComplete(setup.exitCode) && setup.message === null;

/** Its k6 or its task was killed, so it left nothing usable: another task runs setup() from the beginning. */
function retry(step: Step, outcome: JobOutcome): void {
  const cause = failureCause(outcome);
  if (step.state.setupTries >= MAX_SETUP_TRIES) {
    step.failToStart(`setup() did not complete in ${MAX_SETUP_TRIES} tries: ${cause}`);
  } else if (step.all('ready', 'armed')) {
    warn(step.state, `setup() did not complete, so it ran again: ${cause}`);
    enterSetup(step);
  }
}

function complete(step: Step, outcome: JobOutcome, exitCode: number): void {
  step.state.setup = outcome;
  if (exitCode === K6Exit.markedAsFailed) step.state.markedFailed = true;
  if (isSetupComplete(outcome)) {
    step.enter('arming');
  } else if (isComplete(exitCode)) {
    const message = `setup() ended, but what it returned cannot be passed to the tasks: ${failureCause(outcome)}`;
    step.stop({ kind: 'setup', message, exitCode: FleetExit.notStarted });
  } else {
    step.stop({ kind: 'setup', message: `setup() failed: ${failureCause(outcome)}`, exitCode });
  }
}
