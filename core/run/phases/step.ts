import type { Phase, StopReason, StopRequest } from '../../contract/control.ts';
import { FleetExit, K6Exit } from '../../contract/exit-codes.ts';
import type { Plan } from '../../contract/plan.ts';
import type { TaskStatus } from '../../contract/task-status.ts';
import type { TaskLiveness, TaskRef } from '../../ports.ts';
import { lastError } from '../k6-log.ts';
import type { Run, RunState, TaskRecord } from '../state.ts';

/** What the coordinator has observed since the last tick. */
export interface TickInput {
  /** Unix ms. */
  now: number;
  /** By task. */
  liveness: TaskLiveness[];
  stopRequest: StopRequest | null;
  /** Keys of the thresholds that fail now, if one of them has abortOnFail; otherwise null. */
  abort: string[] | null;
  /** Messages of the target's thresholds that fail now, if one of them has abortOnFail; otherwise null. */
  targetAbort: string[] | null;
  /** Whether this coordinator observes the target. */
  isTargetObserved: boolean;
}

/** What has to be done before the new state is published. */
export interface Effects {
  launch: TaskRef[];
  kill: TaskRef[];
  /** handleSummary() is about to run: write its input. */
  writeSummary: boolean;
}

/** Phases that every stop ends. */
const STOPPABLE: ReadonlySet<Phase> = new Set(['launching', 'setup', 'arming', 'running']);

/** One tick: the run, what was observed, and the effects that the phases collect. */
export class Step {
  readonly effects: Effects = { launch: [], kill: [], writeSummary: false };
  /** The request to stop, in the first tick that sees it. */
  readonly newStopRequest: StopRequest | null;

  constructor(
    readonly run: Run,
    readonly input: TickInput,
  ) {
    this.newStopRequest = run.state.stopRequested ? null : input.stopRequest;
  }

  get state(): RunState {
    return this.run.state;
  }

  get plan(): Plan {
    return this.run.plan;
  }

  get stopping(): boolean {
    return this.state.phase === 'stopping';
  }

  enter(phase: Phase): void {
    this.state.phase = phase;
    this.state.phaseSince = this.input.now;
  }

  /**
   * Stops the run early. Only the first reason counts, as in k6. After the load it is recorded and changes no phase:
   * teardown() runs to its end.
   */
  stop(reason: StopReason): void {
    const { phase } = this.state;
    if (phase === 'teardown' || phase === 'summary') this.state.stop ??= reason;
    if (!STOPPABLE.has(phase)) return;
    this.state.stop = reason;
    for (const task of this.state.tasks) task.queuedAt = null;
    this.enter('stopping');
  }

  /** Stops a run that cannot be started. */
  failToStart(message: string): void {
    this.stop({ kind: 'not-started', message, exitCode: FleetExit.notStarted });
  }

  /** Queues the task's current attempt for launch. */
  enqueue(index: number): void {
    const task = this.state.tasks[index];
    if (task === undefined) return;
    Object.assign(task, { queuedAt: this.input.now, launchedAt: null, status: null, merged: 0 });
  }

  launch(index: number): void {
    const task = this.state.tasks[index];
    if (task === undefined) return;
    task.queuedAt = null;
    task.launchedAt = this.input.now;
    task.launches += 1;
    this.effects.launch.push({ task: index, attempt: task.attempt });
  }

  kill(index: number): void {
    const task = this.state.tasks[index];
    if (task !== undefined) this.effects.kill.push({ task: index, attempt: task.attempt });
  }

  isAlive(index: number): boolean {
    return this.input.liveness[index]?.state === 'alive';
  }

  /** Whether every task reports one of these phases. */
  all(...phases: TaskStatus['phase'][]): boolean {
    return this.state.tasks.every(({ status }) => status !== null && phases.includes(status.phase));
  }

  /** Why the task cannot send load any more; null if it can. */
  lossReason(task: TaskRecord, index: number): string | null {
    const { status } = task;
    if (status?.phase === 'failed') return status.message ?? 'its worker failed';
    if (status?.phase === 'done') return `k6 exited before the start: ${exitCause(status)}`;
    if (task.launchedAt === null) return null;
    const liveness = this.input.liveness[index];
    return liveness?.state === 'gone' ? liveness.reason : null;
  }
}

/** The last error in k6's log, or else how k6 ended. */
export const exitCause = (status: TaskStatus): string => fatalError(status) ?? status.message ?? 'it logged no error';

/** The last error in k6's log, unless k6 was killed: then it had no time to log why, and what it logged is not the cause. */
export const fatalError = ({ exitCode, logTail }: TaskStatus): string | null =>
  exitCode !== null && exitCode < 0 ? null : lastError(logTail);

/** Why thresholds on these keys end the run early, in k6's own words. */
export const thresholdStop = (keys: readonly string[]): StopReason => ({
  kind: 'threshold',
  message: `thresholds on metrics '${keys.join(', ')}' were crossed; at least one has abortOnFail enabled, stopping test prematurely`,
  exitCode: K6Exit.thresholdsFailed,
});
