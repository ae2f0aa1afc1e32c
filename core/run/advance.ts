/** The course of a run, as a pure function of what is known: no I/O, no clock. */
import { FleetExit, K6Exit } from '../contract/exit-codes.ts';
import type { Plan } from '../contract/plan.ts';
import type { Job, JobState, Phase, StopReason, StopRequest, TaskState } from '../contract/run.ts';
import type { TaskLiveness, TaskRef } from '../ports.ts';
import { hasStarted, type JobOutcome, type LoadOutcome, type RunState, type TaskRecord } from './state.ts';

/** What one look at the world has shown. */
export interface Seen {
  /** Unix ms. */
  now: number;
  liveness: TaskLiveness[];
  stopRequest: StopRequest | null;
  /** Threshold keys that fail now and have asked for an abort, with all failing keys; null: not judged this time. */
  abort: string[] | null;
}

/** What is to be done before control.json is written anew. */
export interface Effects {
  launch: TaskRef[];
  kill: TaskRef[];
  /** handleSummary is about to be called: its input must be in the store. */
  writeSummary: boolean;
}

/** How often a task is launched, at most, until it gets ready. */
const MAX_LAUNCHES = 3;
const MAX_SETUP_TRIES = 2;
/** How long k6 may take to stop before its task is killed, ms; longer than the worker's own patience. */
const STOP_TIMEOUT_MS = 45_000;
/** How long a run may last past its planned end before it is stopped, ms. */
const OVERTIME_MS = 60_000;
/** For starting k6 and reading its answers, beside the time that the script itself may take, ms. */
const JOB_OVERHEAD_MS = 60_000;
/** k6's own limit for handleSummary. */
const HANDLE_SUMMARY_MS = 120_000;

/** Exit codes by which k6 says that the script or the run is at fault, not this one process. */
const SCRIPT_CODES: ReadonlySet<number> = new Set([
  K6Exit.setupTimeout,
  K6Exit.teardownTimeout,
  K6Exit.invalidConfig,
  K6Exit.scriptException,
  K6Exit.scriptAborted,
]);

/** Moves the run on as far as what was seen allows. Changes `state` in place; returns what must be done. */
export function advance(state: RunState, plan: Plan, seen: Seen): Effects {
  const step = new Step(state, plan, seen);
  step.take();
  return step.effects;
}

class Step {
  readonly effects: Effects = { launch: [], kill: [], writeSummary: false };

  constructor(
    private readonly state: RunState,
    private readonly plan: Plan,
    private readonly seen: Seen,
  ) {}

  take(): void {
    const { state, seen } = this;
    if (seen.stopRequest !== null) {
      this.stop({ kind: 'requested', message: seen.stopRequest.message, exitCode: K6Exit.externalAbort });
    }
    switch (state.phase) {
      case 'launching':
      case 'setup':
      case 'arming':
        return this.beforeStart();
      case 'running':
      case 'stopping':
        return this.underLoad();
      case 'teardown':
        return this.afterTeardown();
      case 'summary':
        return this.afterSummary();
      case 'finished':
        return;
    }
  }

  private enter(phase: Phase): void {
    this.state.phase = phase;
    this.state.phaseSince = this.seen.now;
  }

  private stop(reason: StopReason): void {
    if (!['launching', 'setup', 'arming', 'running'].includes(this.state.phase)) return;
    this.state.stop = reason;
    this.enter('stopping');
  }

  private get stopped(): boolean {
    return this.state.phase === 'stopping';
  }

  // --- before the start -------------------------------------------------------------------------------------------

  private beforeStart(): void {
    const { state } = this;
    state.tasks.forEach((task, index) => {
      if (!this.stopped) this.keepUp(task, index);
    });
    if (this.stopped) return;
    if (state.phase === 'launching' && this.all('ready', 'armed')) {
      if (this.plan.exports.setup) {
        this.giveJob('setup');
        state.setupTries += 1;
        this.enter('setup');
      } else {
        this.begin();
      }
    } else if (state.phase === 'setup') {
      this.awaitSetup();
    } else if (state.phase === 'arming' && this.all('armed')) {
      this.begin();
    }
  }

  /** Launches a task, or replaces it where it was lost, or stops the run where it cannot be had. */
  private keepUp(task: TaskRecord, index: number): void {
    const { now } = this.seen;
    if (task.launchedAt === null) {
      this.launch(task, index);
      return;
    }
    const { word } = task;
    if (word?.phase === 'done' && word.exitCode !== null && SCRIPT_CODES.has(word.exitCode)) {
      this.stop({
        kind: 'script-error',
        message: `task ${index} could not start: ${cause(word)}`,
        exitCode: word.exitCode,
      });
      return;
    }
    const loss = this.loss(task, index);
    if (loss !== null) {
      this.replace(task, index, loss);
      return;
    }
    const ready = word?.phase === 'ready' || word?.phase === 'armed';
    const { readyTimeoutMs } = this.plan.timing;
    if (!ready && now - task.launchedAt > readyTimeoutMs) {
      this.stop({
        kind: 'not-started',
        message: `task ${index} was not ready after ${readyTimeoutMs / 1000} s (allow more by --ready-timeout)${tail(word)}`,
        exitCode: FleetExit.notStarted,
      });
    }
  }

  private launch(task: TaskRecord, index: number): void {
    task.launchedAt = this.seen.now;
    task.launches += 1;
    task.word = null;
    task.merged = 0;
    this.effects.launch.push({ task: index, attempt: task.attempt });
  }

  private replace(task: TaskRecord, index: number, reason: string): void {
    if (task.launches >= MAX_LAUNCHES) {
      this.stop({
        kind: 'not-started',
        message: `task ${index} was lost ${MAX_LAUNCHES} times before the start: ${reason}${tail(task.word)}`,
        exitCode: FleetExit.notStarted,
      });
      return;
    }
    this.state.warnings.push(`task ${index} was lost before the start and replaced: ${reason}`);
    this.effects.kill.push({ task: index, attempt: task.attempt });
    task.attempt += 1;
    this.launch(task, index);
  }

  private awaitSetup(): void {
    const { state } = this;
    const ended = this.jobEnded();
    if (ended === null) {
      if (this.seen.now - state.phaseSince > this.plan.setupTimeoutMs + JOB_OVERHEAD_MS) {
        this.stop({ kind: 'setup', message: 'setup() did not end in time', exitCode: K6Exit.setupTimeout });
      }
      return;
    }
    if (ended.exitCode === null) {
      // Its k6 or its task was killed: nothing of it can be used, so another task runs it anew.
      if (state.setupTries >= MAX_SETUP_TRIES) {
        this.stop({
          kind: 'setup',
          message: `setup() was lost with its task ${MAX_SETUP_TRIES} times`,
          exitCode: FleetExit.notStarted,
        });
      } else if (this.all('ready', 'armed')) {
        state.warnings.push('setup() was lost with the task that ran it and has been run again');
        state.setupTries += 1;
        this.giveJob('setup');
      }
      return;
    }
    state.setup = ended;
    if (ended.exitCode === K6Exit.markedAsFailed) state.markedFailed = true;
    if (ended.exitCode === K6Exit.ok || ended.exitCode === K6Exit.markedAsFailed) {
      this.enter('arming');
      return;
    }
    this.stop({ kind: 'setup', message: `setup() failed: ${lastLine(ended.logTail)}`, exitCode: ended.exitCode });
  }

  private begin(): void {
    const { timing } = this.plan;
    this.state.startAt = this.seen.now + Math.max(3 * timing.pollMs, 300);
    this.state.job = null;
    this.enter('running');
  }

  // --- under load -------------------------------------------------------------------------------------------------

  private underLoad(): void {
    const { state, seen, plan } = this;
    if (state.startAt === null) {
      this.awaitStop();
      return;
    }
    state.tasks.forEach((task, index) => {
      task.startSkewMs ??= task.word?.startSkewMs ?? null;
      task.outcome ??= this.loadOutcome(task, index);
    });
    for (const [index, task] of state.tasks.entries()) this.judgeExit(task, index);
    if (seen.abort !== null && seen.abort.length > 0) {
      this.stop({
        kind: 'threshold',
        message: `thresholds on metrics '${seen.abort.join(', ')}' were crossed; at least one has abortOnFail enabled, stopping test prematurely`,
        exitCode: K6Exit.thresholdsFailed,
      });
    }
    if (!this.stopped && seen.now > state.startAt + plan.durationMs + OVERTIME_MS) {
      this.stop({ kind: 'internal', message: 'the tasks ran past their planned end', exitCode: FleetExit.internal });
    }
    if (state.tasks.every((task) => task.outcome !== null && this.isDrained(task))) this.afterLoad();
    else if (this.stopped) this.killStragglers();
  }

  /** A run that is stopped before its start has no load: it ends when every k6 has. */
  private awaitStop(): void {
    const ended = (task: TaskRecord, index: number) =>
      task.launchedAt === null || task.word?.phase === 'done' || this.loss(task, index) !== null;
    if (this.state.tasks.every(ended)) this.afterLoad();
    else this.killStragglers();
  }

  private killStragglers(): void {
    if (this.seen.now - this.state.phaseSince < STOP_TIMEOUT_MS) return;
    this.state.tasks.forEach((task, index) => {
      if (task.outcome === null) this.effects.kill.push({ task: index, attempt: task.attempt });
    });
  }

  private loadOutcome(task: TaskRecord, index: number): LoadOutcome | null {
    const { word } = task;
    if (word?.phase === 'done') {
      const { exitCode, message } = word;
      const endedAt = (word.endedAt ?? this.seen.now) + word.clockOffsetMs;
      return { exitCode, endedAt, message, lost: this.isLoss(exitCode) ? `k6 died: ${cause(word)}` : null };
    }
    const loss = this.loss(task, index);
    return loss === null ? null : { exitCode: null, endedAt: this.seen.now, message: loss, lost: loss };
  }

  /** Whether a k6 that ended with this code took its load with it. */
  private isLoss(exitCode: number | null): boolean {
    if (exitCode === null) return true;
    if (exitCode === K6Exit.ok || exitCode === K6Exit.markedAsFailed || SCRIPT_CODES.has(exitCode)) return false;
    return !(this.stopped && (exitCode === K6Exit.stoppedByRest || exitCode === K6Exit.externalAbort));
  }

  private judgeExit(task: TaskRecord, index: number): void {
    const code = task.outcome?.exitCode;
    if (code === undefined || code === null) return;
    if (code === K6Exit.markedAsFailed) this.state.markedFailed = true;
    if (!SCRIPT_CODES.has(code)) return;
    const why = task.word === null ? '' : `: ${cause(task.word)}`;
    this.stop({
      kind: code === K6Exit.scriptAborted ? 'aborted' : 'script-error',
      message: code === K6Exit.scriptAborted ? `the script aborted the test in task ${index}${why}` : `task ${index} failed${why}`,
      exitCode: code,
    });
  }

  /** All windows that the task has shipped, or will ever ship, have been merged. */
  private isDrained(task: TaskRecord): boolean {
    return task.word?.phase !== 'done' || task.merged >= task.word.windows;
  }

  // --- after the load ---------------------------------------------------------------------------------------------

  private afterLoad(): void {
    const { state, plan } = this;
    const setupOk = !plan.exports.setup || state.setup?.exitCode === K6Exit.ok || state.setup?.exitCode === K6Exit.markedAsFailed;
    state.job = null;
    if (plan.exports.teardown && setupOk && hasStarted(state, this.seen.now)) {
      this.enter('teardown');
      this.giveJobAfterLoad('teardown');
    } else {
      this.summarise();
    }
  }

  private afterTeardown(): void {
    const ended = this.jobEnded();
    if (ended === null) {
      this.killOverdue(this.plan.teardownTimeoutMs + JOB_OVERHEAD_MS);
      return;
    }
    if (ended.exitCode === K6Exit.markedAsFailed) this.state.markedFailed = true;
    this.state.teardown = ended;
    this.summarise();
  }

  private summarise(): void {
    const { state } = this;
    state.job = null;
    if (!this.plan.exports.handleSummary || state.stop?.kind === 'not-started') {
      this.enter('finished');
      return;
    }
    this.effects.writeSummary = true;
    this.enter('summary');
    this.giveJobAfterLoad('summary');
  }

  private afterSummary(): void {
    const ended = this.jobEnded();
    if (ended === null) {
      this.killOverdue(HANDLE_SUMMARY_MS + JOB_OVERHEAD_MS);
      return;
    }
    this.state.summary = ended;
    this.state.job = null;
    this.enter('finished');
  }

  // --- jobs -------------------------------------------------------------------------------------------------------

  private giveJob(kind: Job['kind']): void {
    const host = this.state.tasks.findIndex((_, index) => this.seen.liveness[index]?.state === 'alive');
    this.assign(kind, Math.max(0, host));
  }

  /** Gives the job to a task that still lives; where there is none, to a new one that has only this to do. */
  private giveJobAfterLoad(kind: Job['kind']): void {
    const host = this.state.tasks.findIndex(
      (task, index) => task.word?.phase === 'done' && this.seen.liveness[index]?.state === 'alive',
    );
    if (host < 0) {
      const first = this.state.tasks[0];
      if (first !== undefined) {
        first.attempt += 1;
        this.launch(first, 0);
      }
    }
    this.assign(kind, Math.max(0, host));
  }

  private assign(kind: Job['kind'], task: number): void {
    const { state } = this;
    state.jobs += 1;
    state.job = { kind, task, attempt: state.tasks[task]?.attempt ?? 0, nr: state.jobs };
  }

  /** How the present job ended; null: it has not. */
  private jobEnded(): JobOutcome | null {
    const { job, tasks } = this.state;
    if (job === null) return null;
    const host = tasks[job.task];
    if (host === undefined) return null;
    const done: JobState | null = host.word?.job ?? null;
    if (host.attempt === job.attempt && done?.nr === job.nr) {
      if (host.merged < (host.word?.windows ?? 0)) return null;
      return { exitCode: done.exitCode, durationMs: done.durationMs, logTail: done.logTail };
    }
    const gone = host.attempt !== job.attempt || this.seen.liveness[job.task]?.state === 'gone';
    return gone ? { exitCode: null, durationMs: 0, logTail: ['the task that ran it was lost'] } : null;
  }

  private killOverdue(limitMs: number): void {
    const { job, phaseSince } = this.state;
    if (job !== null && this.seen.now - phaseSince > limitMs) this.effects.kill.push(job);
  }

  // --- tasks ------------------------------------------------------------------------------------------------------

  private all(...phases: TaskState['phase'][]): boolean {
    return this.state.tasks.every(({ word }) => word !== null && phases.includes(word.phase));
  }

  /** Why the task cannot go on; null: it can. */
  private loss(task: TaskRecord, index: number): string | null {
    const { word } = task;
    if (word?.phase === 'failed') return word.message ?? 'its worker failed';
    if (word?.phase === 'done') return `k6 ended before the start: ${cause(word)}`;
    const liveness = this.seen.liveness[index];
    return liveness?.state === 'gone' && task.launchedAt !== this.seen.now ? liveness.reason : null;
  }
}

const lastLine = (lines: string[]) => lines.at(-1) ?? 'see the task log';
const tail = (word: TaskState | null) => (word === null || word.logTail.length === 0 ? '' : `: ${word.logTail.join(' | ')}`);

/** What k6 said last, or else how it ended. */
function cause(word: TaskState): string {
  const error = word.logTail.findLast((line) => line.includes('level=error'));
  return error ?? word.logTail.at(-1) ?? word.message ?? 'no message';
}
