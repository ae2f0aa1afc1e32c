import type { Job, Phase, StopReason, StopRequest, TaskStatus } from '../../contract/control.ts';
import type { Plan } from '../../contract/plan.ts';
import type { TaskLiveness, TaskRef } from '../../ports.ts';
import { lastError } from '../k6-log.ts';
import type { JobOutcome, RunState, TaskRecord } from '../state.ts';
import { launchTimedOut } from './launch-queue.ts';

/** What one look at the world has shown. */
export interface TickInput {
  /** Unix ms. */
  now: number;
  liveness: TaskLiveness[];
  stopRequest: StopRequest | null;
  /** The threshold keys that fail now, where one of them asks for an abort; null: none does. */
  abort: string[] | null;
  /** What fails of the thresholds on the target's series, where one of them asks for an abort; null: none does. */
  targetAbort: string[] | null;
  /** Until when what is expected of the target's scale-out is open, Unix ms; null: it is decided. Takes a while. */
  targetOpenUntil: () => number | null;
}

/** What is to be done before control.json is written anew. */
export interface Effects {
  launch: TaskRef[];
  kill: TaskRef[];
  /** handleSummary is about to be called: its input must be in the store. */
  writeSummary: boolean;
}

/** For starting k6 and reading its answers, beside the time that the script itself may take, ms. */
export const JOB_OVERHEAD_MS = 60_000;

const BEFORE_THE_END: ReadonlySet<Phase> = new Set(['launching', 'setup', 'arming', 'running']);

/** One step of a run: the state to change, what was seen, and what is to be done. */
export class Step {
  readonly effects: Effects = { launch: [], kill: [], writeSummary: false };

  constructor(
    readonly state: RunState,
    readonly plan: Plan,
    readonly input: TickInput,
  ) {}

  get stopping(): boolean {
    return this.state.phase === 'stopping';
  }

  enter(phase: Phase): void {
    this.state.phase = phase;
    this.state.phaseSince = this.input.now;
  }

  /** Ends the run before its time. Only the first reason counts, as in k6. */
  stop(reason: StopReason): void {
    if (!BEFORE_THE_END.has(this.state.phase)) return;
    this.state.stop = reason;
    for (const task of this.state.tasks) task.queuedAt = null;
    this.enter('stopping');
  }

  /** Puts the present attempt at a task into the queue of launches. */
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

  /** Whether every task says that it is in one of these phases. */
  all(...phases: TaskStatus['phase'][]): boolean {
    return this.state.tasks.every(({ status }) => status !== null && phases.includes(status.phase));
  }

  /** Why the task cannot go on; null: it can. */
  loss(task: TaskRecord, index: number): string | null {
    const { status } = task;
    if (status?.phase === 'failed') return status.message ?? 'its worker failed';
    if (status?.phase === 'done') return `k6 ended before the start: ${exitCause(status)}`;
    if (task.launchedAt === null) return null;
    const liveness = this.input.liveness[index];
    return liveness?.state === 'gone' ? liveness.reason : null;
  }

  /** Gives a job to a task. */
  assign(kind: Job['kind'], task: number): void {
    const { state } = this;
    state.jobs += 1;
    state.job = { kind, task, attempt: state.tasks[task]?.attempt ?? 0, nr: state.jobs };
  }

  /** How the present job ended, once all its windows are merged; null: it goes on. */
  jobEnded(): JobOutcome | null {
    const { job, tasks } = this.state;
    const host = job === null ? undefined : tasks[job.task];
    if (job === null || host === undefined) return null;
    const done = host.status?.job ?? null;
    if (host.attempt === job.attempt && done?.nr === job.nr) {
      // Of a task that is gone nothing more will come: windows that are missing then have been deleted.
      if (host.merged < (host.status?.windows ?? 0) && this.isAlive(job.task)) return null;
      return { exitCode: done.exitCode, durationMs: done.durationMs, logTail: done.logTail };
    }
    const waits = host.queuedAt !== null && launchTimedOut(this.state, job.task, this.input.now) === null;
    const gone = host.attempt !== job.attempt || !(waits || this.isAlive(job.task));
    return gone ? { exitCode: null, durationMs: 0, logTail: ['the task that ran it was lost'] } : null;
  }
}

/** What k6 said last, or else how it ended. */
export function exitCause(status: TaskStatus): string {
  return lastError(status.logTail) ?? status.message ?? 'no message';
}
