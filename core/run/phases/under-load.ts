/** While the tasks send load, and until each of them has ended. */
import { FleetExit, K6Exit } from '../../contract/exit-codes.ts';
import { isComplete, isScriptFault, isStopped } from '../k6-exit.ts';
import { alarmMessage, firedAlarms } from '../report/alarms.ts';
import type { LoadOutcome, TaskRecord } from '../state.ts';
import { afterLoad } from './after-load.ts';
import { exitCause, type Step } from './step.ts';

/** How long k6 may take to stop before its task is killed, ms; longer than the worker's own patience. */
const STOP_TIMEOUT_MS = 45_000;
/**
 * A task that is still there so long after the stop is not waited for any longer, ms: a task that was killed has 120 s
 * (the stack's stopTimeout) for its end.
 */
const STUCK_MS = 300_000;
/** Windows are in the store before their task says so; those that cannot be read so long after its end are not, ms. */
const MISSING_TIMEOUT_MS = 30_000;
/** How long a run may last past its planned end before it is stopped, ms. */
const OVERTIME_MS = 60_000;

export function advanceLoad(step: Step): void {
  const { state, input, plan } = step;
  if (state.startAt === null) {
    awaitStop(step);
    return;
  }
  state.tasks.forEach((task, index) => {
    task.startSkewMs ??= task.status?.startSkewMs ?? null;
    task.outcome ??= loadOutcome(step, task, index);
    if (task.outcome !== null && isGivenUp(task, input.now)) {
      task.outcome.lost ??= `${missingWindows(task)} of its windows are not in the store`;
    }
    judgeExit(step, task, index);
  });
  if (input.abort !== null) {
    const message = `thresholds on metrics '${input.abort.join(', ')}' were crossed; at least one has abortOnFail enabled, stopping test prematurely`;
    step.stop({ kind: 'threshold', message, exitCode: K6Exit.thresholdsFailed });
  }
  if (input.targetAbort !== null) {
    const message = `thresholds on the target were crossed, one with abortOnFail, so the test was stopped: ${input.targetAbort.join('; ')}`;
    step.stop({ kind: 'threshold', message, exitCode: FleetExit.targetFailed });
  }
  const fired = firedAlarms(state).find(({ effect }) => effect === 'stop');
  if (fired !== undefined) {
    step.stop({ kind: 'alarm', message: alarmMessage(fired), exitCode: FleetExit.targetFailed });
  }
  const isRunning = state.tasks.some(({ outcome }) => outcome === null);
  if (isRunning && input.now > state.startAt + plan.durationMs + OVERTIME_MS) {
    step.stop({ kind: 'internal', message: 'the tasks ran past their planned end', exitCode: FleetExit.internal });
  }
  if (state.tasks.every((task) => task.outcome !== null && isDrained(task, input.now))) afterLoad(step);
  else if (step.stopping) killStragglers(step);
}

/** A run that is stopped before its start has no load: it ends when every k6 has, that of setup() too. */
function awaitStop(step: Step): void {
  const { state } = step;
  const setup = step.jobEnded();
  state.setup ??= setup;
  const hasEnded = (task: TaskRecord, index: number) =>
    task.launchedAt === null || task.status?.phase === 'done' || lossOf(step, task, index) !== null;
  const hasSetUp = state.job === null || setup !== null || isStuck(step);
  if (state.tasks.every(hasEnded) && hasSetUp) afterLoad(step);
  else killStragglers(step);
}

/** Whose k6 has ended is none, unless setup() holds it up: it may have a job to do yet. */
function killStragglers(step: Step): void {
  const { state, input } = step;
  if (input.now - state.phaseSince < STOP_TIMEOUT_MS) return;
  state.tasks.forEach(({ launchedAt, outcome, status }, index) => {
    const hasEnded = launchedAt === null || outcome !== null || status?.phase === 'done';
    const setsUp = state.job?.task === index && state.setup === null;
    if (!hasEnded || setsUp) step.kill(index);
  });
}

const isStuck = ({ stopping, input, state }: Step): boolean => stopping && input.now - state.phaseSince > STUCK_MS;

const lossOf = (step: Step, task: TaskRecord, index: number): string | null =>
  step.loss(task, index) ?? (isStuck(step) ? 'it did not end when it was told to stop' : null);

function loadOutcome(step: Step, task: TaskRecord, index: number): LoadOutcome | null {
  const { status } = task;
  if (status?.phase === 'done') {
    const { exitCode, message } = status;
    const endedAt = (status.endedAt ?? step.input.now) + status.clockOffsetMs;
    // A k6 that ends without a word of its own, or of ours, took its load with it.
    const ended = isComplete(exitCode) || isScriptFault(exitCode) || (step.stopping && isStopped(exitCode));
    const how = isStopped(exitCode) ? 'k6 was stopped' : 'k6 died';
    return { exitCode, endedAt, message, lost: ended ? null : `${how}: ${exitCause(status)}` };
  }
  const loss = lossOf(step, task, index);
  if (loss === null) return null;
  // What got stuck sends no more load from when it was killed.
  const endedAt = isStuck(step) ? step.state.phaseSince + STOP_TIMEOUT_MS : step.input.now;
  return { exitCode: null, endedAt, message: loss, lost: loss };
}

/** What a task's exit means for the whole run. */
function judgeExit(step: Step, task: TaskRecord, index: number): void {
  const code = task.outcome?.exitCode;
  if (code === K6Exit.markedAsFailed) step.state.markedFailed = true;
  if (!isScriptFault(code)) return;
  const why = task.status === null ? '' : `: ${exitCause(task.status)}`;
  const aborted = code === K6Exit.scriptAborted;
  step.stop({
    kind: aborted ? 'aborted' : 'script-error',
    message: aborted ? `the script aborted the test in task ${index}${why}` : `task ${index} failed${why}`,
    exitCode: code,
  });
}

/** How many of its windows an ended task says are in the store but have not been merged. */
const missingWindows = ({ status, merged }: TaskRecord): number =>
  status?.phase === 'done' ? Math.max(0, status.windows - merged) : 0;

/** What is missing so long after the task's end has been deleted: what it measured is lost, but the run must end. */
const isGivenUp = (task: TaskRecord, now: number): boolean =>
  task.outcome !== null && missingWindows(task) > 0 && now - task.outcome.endedAt > MISSING_TIMEOUT_MS;

/** All windows that the task has shipped, or will ever ship, have been merged. */
const isDrained = (task: TaskRecord, now: number): boolean => missingWindows(task) === 0 || isGivenUp(task, now);
