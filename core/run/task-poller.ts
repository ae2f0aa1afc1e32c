import type { Phase } from '../contract/control.ts';
import type { Plan } from '../contract/plan.ts';
import { RunFiles } from '../contract/run-files.ts';
import type { Window } from '../contract/window.ts';
import { eachInParallel } from '../parallel.ts';
import type { Clock, Compression, Fleet, Store, TaskLiveness } from '../ports.ts';
import { isDone, missingWindows, type Run, type TaskRecord } from './state.ts';

/**
 * How many tasks are polled at once. At 20 ms a call and some three calls a task these are 1,000 tasks a second; more
 * would only queue for the connections of the store's client.
 */
const CONCURRENT_POLLS = 64;
/** Up to so many tasks that block the phase are polled on every tick. */
const MAX_BLOCKING_POLLS = 64;
/** While windows of a task arrive, its status is read on every third poll only: a GET that rarely has anything new. */
export const POLLS_PER_STATUS_READ = 3;
/** A task is late if no window of it arrives for so many window intervals and two seconds. */
const LATE_WINDOWS = 5;

/** In these phases only the host of a job ships windows. */
const BEFORE_LOAD: ReadonlySet<Phase> = new Set(['launching', 'setup', 'arming']);

export interface TaskPollerOptions {
  store: Store;
  fleet: Fleet;
  clock: Clock;
  compression: Compression;
}

/**
 * Polls each task every `taskPollIntervalMs`, spread over the ticks: its liveness, its status, and its windows, which it
 * merges.
 *
 * No window is merged twice or skipped. The windows of an attempt are read in order, and `TaskRecord.merged`, which
 * counts them, is in the same checkpoint as the metrics: after a crash a successor continues from there. A worker reports
 * a window only after it is in the store, so what a task that is gone has left is complete in one poll.
 */
export class TaskPoller {
  private readonly liveness = new Map<number, { attempt: number; liveness: TaskLiveness }>();
  private readonly dueAt: number[];
  private isFirst = true;
  private readonly polls = new Map<number, number>();
  private readonly files: RunFiles;
  private readonly lastWindowAt = new Map<number, number>();

  constructor(
    private readonly run: Run,
    private readonly options: TaskPollerOptions,
  ) {
    const { plan, state } = run;
    this.files = new RunFiles(options.store, plan.id);
    const { taskPollIntervalMs, tickMs } = plan.timing;
    const turns = Math.max(1, Math.round(taskPollIntervalMs / tickMs));
    const now = options.clock.now();
    this.dueAt = state.tasks.map((_, task) => now + (1 + (task % turns)) * tickMs);
  }

  /**
   * Polls the tasks that are due, and those that block the phase if they are few. The first poll is of all tasks, since
   * much may have happened between two legs.
   * @returns the liveness of every task as last polled
   */
  async poll(): Promise<TaskLiveness[]> {
    const tasks = this.isFirst ? [...this.run.state.tasks.keys()] : this.dueTasks();
    this.isFirst = false;
    await eachInParallel(tasks, CONCURRENT_POLLS, (task) => this.pollTask(task));
    this.recordLateTasks();
    return this.run.state.tasks.map((record, task) => this.livenessOf(record, task));
  }

  private livenessOf({ launchedAt, attempt }: TaskRecord, task: number): TaskLiveness {
    if (launchedAt === null) return { state: 'gone', reason: 'it was never launched' };
    const known = this.liveness.get(task);
    // A task that has just been launched counts as alive until it is polled.
    return known?.attempt === attempt ? known.liveness : { state: 'alive' };
  }

  private dueTasks(): number[] {
    const { taskPollIntervalMs, tickMs } = this.run.plan.timing;
    const now = this.options.clock.now();
    const due = new Set<number>();
    const blocking: number[] = [];
    this.run.state.tasks.forEach((record, task) => {
      // Timers are inexact: a poll that is due within half a tick belongs to this tick.
      const dueAt = this.dueAt[task] ?? now;
      if (dueAt <= now + tickMs / 2) {
        const missed = Math.max(0, Math.floor((now - dueAt) / taskPollIntervalMs));
        this.dueAt[task] = dueAt + (missed + 1) * taskPollIntervalMs;
        if (record.launchedAt !== null) due.add(task);
      }
      if (record.launchedAt !== null && this.blocksPhase(record, task)) blocking.push(task);
    });
    if (blocking.length <= MAX_BLOCKING_POLLS) for (const task of blocking) due.add(task);
    return [...due];
  }

  /** Whether the run waits for this task to enter its next phase. */
  private blocksPhase(record: TaskRecord, task: number): boolean {
    const { plan, state } = this.run;
    const { phase, job, startAt } = state;
    const { status, outcome } = record;
    const isEnding = outcome === null || missingWindows(record) > 0;
    if (job?.task === task) return true;
    switch (phase) {
      case 'launching':
        return status?.phase !== 'ready' && status?.phase !== 'armed';
      case 'arming':
        return status?.phase !== 'armed';
      case 'stopping':
        return isEnding;
      case 'running':
        return isEnding && this.options.clock.now() > (startAt ?? 0) + plan.loadMs;
      default:
        return false;
    }
  }

  /** Liveness first, then status and windows: what is read of a task that is gone is then all that it has left. */
  private async pollTask(task: number): Promise<void> {
    const { state } = this.run;
    const record = state.tasks[task];
    if (record === undefined || record.launchedAt === null) return;
    const isHost = state.job?.task === task;
    if (!isHost && this.isSettled(record, task)) return;
    const { attempt } = record;
    const liveness = await this.options.fleet.liveness({ task, attempt });
    const isGone = liveness.state === 'gone';
    this.liveness.set(task, { attempt, liveness });
    // All of its load has been read; the task may stay alive to run a job.
    if (!isHost && record.outcome !== null && hasAllWindows(record)) return;
    const isSendingLoad = state.phase === 'running' && record.status?.phase === 'running' && !isGone;
    const polls = (this.polls.get(task) ?? 0) + 1;
    this.polls.set(task, polls);
    const isStatusDue = !isSendingLoad || polls % POLLS_PER_STATUS_READ === 0;
    if (isStatusDue) await this.readStatus(record, task);
    const before = record.merged;
    if (isHost || !BEFORE_LOAD.has(state.phase)) await this.readWindows(record, task, isHost || isGone);
    if (isStatusDue || record.merged > before) return;
    await this.readStatus(record, task);
    if (isDone(record)) await this.readWindows(record, task, false);
  }

  /** It was gone at its last poll, which read all that it has left. */
  private isSettled({ attempt, outcome }: TaskRecord, task: number): boolean {
    const known = this.liveness.get(task);
    return outcome !== null && known?.attempt === attempt && known.liveness.state === 'gone';
  }

  private async readStatus(record: TaskRecord, task: number): Promise<void> {
    record.status = (await this.files.task(task, record.attempt).status()) ?? record.status;
  }

  /** @param all reads until a window is missing; otherwise only as long as the next window can be there yet */
  private async readWindows(record: TaskRecord, task: number, all: boolean): Promise<void> {
    const { clock, compression } = this.options;
    const { plan, state, metrics } = this.run;
    const files = this.files.task(task, record.attempt);
    for (;;) {
      if (!all && hasAllWindows(record)) return;
      const window = await files.window(record.merged, compression);
      if (window === null) return;
      const clockOffsetMs = record.status?.clockOffsetMs ?? 0;
      metrics.addWindow(window, { startAtMs: state.startAt, clockOffsetMs });
      record.merged += 1;
      const now = clock.now();
      this.lastWindowAt.set(task, now);
      const isLatest = now - (endOf(window, plan) + clockOffsetMs) < plan.timing.windowMs;
      if (isLatest && !all && !isDone(record)) return;
    }
  }

  private recordLateTasks(): void {
    const { clock } = this.options;
    const { plan, state } = this.run;
    if (state.phase !== 'running') return;
    const { windowMs } = plan.timing;
    for (const [task, at] of this.lastWindowAt) {
      const lag = clock.now() - at - windowMs;
      if (state.tasks[task]?.outcome !== null || lag < LATE_WINDOWS * windowMs + 2000) continue;
      state.lateTasks[task] = Math.max(state.lateTasks[task] ?? 0, lag);
    }
  }
}

const hasAllWindows = (task: TaskRecord): boolean => isDone(task) && missingWindows(task) === 0;

/** The end of the window's last cell, Unix ms by the task's clock; 0 if it is empty. */
const endOf = ({ lines }: Window, plan: Plan): number =>
  Math.max(0, ...lines.flatMap(({ cells }) => cells.map(({ t }) => (t + plan.timing.cellSeconds) * 1000)));
