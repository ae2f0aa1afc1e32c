/** From launch to the common start: every task gets ready, setup() runs once, every task loads its data. */

import type { TaskStatus } from '../../contract/control.ts';
import { FleetExit, K6Exit } from '../../contract/exit-codes.ts';
import { isComplete, isScriptFault } from '../k6-exit.ts';
import { lastError } from '../k6-log.ts';
import { type JobOutcome, nextStart, type TaskRecord, warn } from '../state.ts';
import { launchTimedOut } from './launch-queue.ts';
import { exitCause, JOB_OVERHEAD_MS, type Step } from './step.ts';

/** How often a task is launched, at most, until it gets ready. */
const MAX_LAUNCHES = 3;
const MAX_SETUP_TRIES = 2;
/** How many lines of a task's log a message shows. */
const TAIL_LINES = 5;

export function advanceBeforeStart(step: Step): void {
  const { state, plan } = step;
  if (state.launchError !== null) notStarted(step, state.launchError);
  // Looked at before anybody is replaced: what a task has said of its setup() counts although it was lost since.
  const setup = state.phase === 'setup' ? step.jobEnded() : null;
  state.tasks.forEach((task, index) => {
    if (!step.stopping) keepUp(step, task, index, setup);
  });
  if (step.stopping) return;
  if (state.phase === 'launching' && step.all('ready', 'armed')) {
    if (plan.exports.setup) startSetup(step);
    else begin(step);
  } else if (state.phase === 'setup') {
    awaitSetup(step, setup);
  } else if (state.phase === 'arming' && step.all('armed')) {
    begin(step);
  }
}

/** Replaces a task where it was lost, or stops the run where it cannot be had. */
function keepUp(step: Step, task: TaskRecord, index: number, setup: JobOutcome | null): void {
  if (task.launchedAt === null) {
    const why = launchTimedOut(step.state, index, step.input.now);
    if (why !== null) notStarted(step, why);
    return;
  }
  const { status } = task;
  if (status?.phase === 'done' && isScriptFault(status.exitCode)) {
    const message = `task ${index} could not start: ${exitCause(status)}`;
    step.stop({ kind: 'script-error', message, exitCode: status.exitCode });
    return;
  }
  const loss = step.loss(task, index);
  if (loss !== null) {
    // A worker whose own k6 has died can still bring setup() to its end.
    const inSetup = step.state.phase === 'setup' && step.state.job?.task === index && setup === null;
    if (!inSetup || !step.isAlive(index)) replace(step, task, index, loss);
    return;
  }
  const arming = step.state.phase === 'arming';
  const there = status?.phase === 'armed' || (status?.phase === 'ready' && !arming);
  const since = arming ? Math.max(task.launchedAt, step.state.phaseSince) : task.launchedAt;
  const { readyTimeoutMs } = step.plan.timing;
  if (!there && step.input.now - since > readyTimeoutMs) {
    const after = `${readyTimeoutMs / 1000} s (allow more by --ready-timeout)`;
    const what = status?.phase === 'ready' ? 'had not loaded the setup data' : 'was not ready';
    notStarted(step, `task ${index} ${what} after ${after}${tailOf(status)}`);
  }
}

function replace(step: Step, task: TaskRecord, index: number, reason: string): void {
  if (task.launches >= MAX_LAUNCHES) {
    notStarted(step, `task ${index} was lost ${MAX_LAUNCHES} times before the start: ${reason}`);
    return;
  }
  warn(step.state, `task ${index} was lost before the start and replaced: ${reason}`);
  step.kill(index);
  task.attempt += 1;
  step.enqueue(index);
}

function startSetup(step: Step): void {
  step.state.setupTries += 1;
  const host = step.state.tasks.findIndex((_, index) => step.isAlive(index));
  step.assign('setup', Math.max(0, host));
  step.enter('setup');
}

function awaitSetup(step: Step, ended: JobOutcome | null): void {
  const { state, plan, input } = step;
  if (ended === null) {
    if (input.now - state.phaseSince > plan.setupTimeoutMs + JOB_OVERHEAD_MS) {
      step.stop({ kind: 'setup', message: 'setup() did not end in time', exitCode: K6Exit.setupTimeout });
    }
  } else if (ended.exitCode === null) {
    // Its k6 or its task was killed: nothing of it can be used, so another task runs it anew.
    if (state.setupTries >= MAX_SETUP_TRIES) {
      notStarted(step, `setup() was lost with its task ${MAX_SETUP_TRIES} times`);
    } else if (step.all('ready', 'armed')) {
      warn(state, 'setup() was lost with the task that ran it and has been run again');
      startSetup(step);
    }
  } else {
    state.setup = ended;
    if (ended.exitCode === K6Exit.markedAsFailed) state.markedFailed = true;
    if (isComplete(ended.exitCode)) {
      step.enter('arming');
    } else {
      const message = `setup() failed: ${lastError(ended.logTail) ?? 'see the task log'}`;
      step.stop({ kind: 'setup', message, exitCode: ended.exitCode });
    }
  }
}

/** All start together: late enough that every worker has read of it before. */
function begin(step: Step): void {
  step.state.startAt = nextStart(step.plan, step.input.now);
  step.state.job = null;
  step.enter('running');
}

const notStarted = (step: Step, message: string) =>
  step.stop({ kind: 'not-started', message, exitCode: FleetExit.notStarted });

const tailOf = (status: TaskStatus | null) =>
  status === null || status.logTail.length === 0
    ? ''
    : `; its log ends: ${status.logTail.slice(-TAIL_LINES).join(' | ')}`;
