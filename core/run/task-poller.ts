/** Looks at the tasks: whether they live, what they say of themselves, and what they have measured. */
import { decodeJson } from '../contract/codec.ts';
import { type Phase, TaskStatus } from '../contract/control.ts';
import { taskKeys } from '../contract/keys.ts';
import type { Plan } from '../contract/plan.ts';
import type { Window } from '../contract/window.ts';
import type { RunMetrics } from '../metrics/run-metrics.ts';
import { eachInParallel } from '../parallel.ts';
import type { Clock, Compression, Fleet, Store, TaskLiveness } from '../ports.ts';
import type { RunState, TaskRecord } from './state.ts';

/**
 * Tasks that are looked at at once. At 20 ms a call and some three calls a task that is a thousand tasks in a second;
 * more would only queue for the connections of the store's client.
 */
const CONCURRENT_POLLS = 64;
/** So few tasks that hold the run up are looked at on every tick. */
const FEW = 64;
/** As long as a task's windows flow, its word is read on every so manyth look: a GET that mostly says nothing new. */
export const POLLS_PER_STATUS_READ = 3;
/** A task whose windows stay away for so many window intervals, and two seconds, ships late. */
const LATE_WINDOWS = 5;

/** Before these no task but the host of a job has measured anything. */
const BEFORE_LOAD: ReadonlySet<Phase> = new Set(['launching', 'setup', 'arming']);

export interface TaskPollerOptions {
  plan: Plan;
  store: Store;
  fleet: Fleet;
  clock: Clock;
  compression: Compression;
}

/**
 * Each task is looked at every `taskPollIntervalMs`, by turns, so that every tick has its share of them. What a look saw is what is
 * known of a task until the next one.
 */
export class TaskPoller {
  private readonly liveness = new Map<number, { attempt: number; liveness: TaskLiveness }>();
  private readonly dueAt: number[];
  private isNew = true;
  private readonly polls = new Map<number, number>();
  private readonly lastWindowAt = new Map<number, number>();

  constructor(
    private readonly options: TaskPollerOptions,
    private readonly state: RunState,
    private readonly metrics: RunMetrics,
  ) {
    const { taskPollIntervalMs, tickMs } = options.plan.timing;
    const turns = Math.max(1, Math.round(taskPollIntervalMs / tickMs));
    const now = options.clock.now();
    this.dueAt = state.tasks.map((_, task) => now + (1 + (task % turns)) * tickMs);
  }

  /**
   * Looks at whom it is the turn of, and at those for whom the run waits where they are few; the first time at all,
   * since much may have happened between two legs.
   */
  async poll(): Promise<TaskLiveness[]> {
    const tasks = this.isNew ? [...this.state.tasks.keys()] : this.dueTasks();
    this.isNew = false;
    await eachInParallel(tasks, CONCURRENT_POLLS, (task) => this.pollTask(task));
    this.noteLate();
    return this.state.tasks.map((record, task) => this.livenessOf(record, task));
  }

  private livenessOf({ launchedAt, attempt }: TaskRecord, task: number): TaskLiveness {
    if (launchedAt === null) return { state: 'gone', reason: 'it was never launched' };
    const known = this.liveness.get(task);
    // One that has just been launched lives until a look says otherwise.
    return known?.attempt === attempt ? known.liveness : { state: 'alive' };
  }

  private dueTasks(): number[] {
    const { clock, plan } = this.options;
    const { taskPollIntervalMs, tickMs } = plan.timing;
    const now = clock.now();
    const turn = new Set<number>();
    const awaited: number[] = [];
    this.state.tasks.forEach((record, task) => {
      // Timers are not exact: what is due before the middle between two ticks belongs to this one.
      const due = this.dueAt[task] ?? now;
      if (due <= now + tickMs / 2) {
        const missed = Math.max(0, Math.floor((now - due) / taskPollIntervalMs));
        this.dueAt[task] = due + (missed + 1) * taskPollIntervalMs;
        if (record.launchedAt !== null) turn.add(task);
      }
      if (record.launchedAt !== null && this.blocksPhase(record, task)) awaited.push(task);
    });
    if (awaited.length <= FEW) for (const task of awaited) turn.add(task);
    return [...turn];
  }

  /** Whether the run cannot go on to its next phase without this task. */
  private blocksPhase(record: TaskRecord, task: number): boolean {
    const { phase, job, startAt } = this.state;
    const { status, outcome } = record;
    const isEnding = outcome === null || (status?.phase === 'done' && !hasAll(record));
    if (job?.task === task) return true;
    switch (phase) {
      case 'launching':
        return status?.phase !== 'ready' && status?.phase !== 'armed';
      case 'arming':
        return status?.phase !== 'armed';
      case 'stopping':
        return isEnding;
      case 'running': {
        const { plan, clock } = this.options;
        return isEnding && clock.now() > (startAt ?? 0) + plan.loadMs;
      }
      default:
        return false;
    }
  }

  /**
   * First whether it lives, then its windows and its word: what a dead task left is then complete, and its loss is
   * judged by all of it.
   */
  private async pollTask(task: number): Promise<void> {
    const { fleet } = this.options;
    const record = this.state.tasks[task];
    if (record === undefined || record.launchedAt === null) return;
    const isHost = this.state.job?.task === task;
    if (!isHost && this.hasLeft(record, task)) return;
    const { attempt } = record;
    const liveness = await fleet.liveness({ task, attempt });
    const isGone = liveness.state === 'gone';
    this.liveness.set(task, { attempt, liveness });
    // It lives on to do a job, perhaps; of its load there is nothing more to read.
    if (!isHost && record.outcome !== null && hasAll(record)) return;
    const flows = this.state.phase === 'running' && record.status?.phase === 'running' && !isGone;
    const looks = (this.polls.get(task) ?? 0) + 1;
    this.polls.set(task, looks);
    const readStatus = !flows || looks % POLLS_PER_STATUS_READ === 0;
    if (readStatus) await this.readStatus(record, task);
    const before = record.merged;
    if (isHost || !BEFORE_LOAD.has(this.state.phase)) await this.readWindows(record, task, isHost || isGone);
    if (readStatus || record.merged > before) return;
    await this.readStatus(record, task);
    if (record.status?.phase === 'done') await this.readWindows(record, task, false);
  }

  /** It was gone when it was last looked at, so all that it left has been read then. */
  private hasLeft({ attempt, outcome }: TaskRecord, task: number): boolean {
    const known = this.liveness.get(task);
    return outcome !== null && known?.attempt === attempt && known.liveness.state === 'gone';
  }

  private async readStatus(record: TaskRecord, task: number): Promise<void> {
    const { store, plan } = this.options;
    const body = await store.get(taskKeys(plan.id, task, record.attempt).state);
    if (body !== null) record.status = decodeJson(TaskStatus, body, `state.json of task ${task}`);
  }

  /** @param all on to the last one; otherwise no further than where the next one cannot be there yet */
  private async readWindows(record: TaskRecord, task: number, all: boolean): Promise<void> {
    const { store, plan, clock, compression } = this.options;
    const keys = taskKeys(plan.id, task, record.attempt);
    for (;;) {
      if (!all && hasAll(record)) return;
      const body = await store.get(keys.window(record.merged));
      if (body === null) return;
      const window = JSON.parse(new TextDecoder().decode(await compression.unzip(body))) as Window;
      const clockOffsetMs = record.status?.clockOffsetMs ?? 0;
      this.metrics.addWindow(window, { startAtMs: this.state.startAt, clockOffsetMs });
      record.merged += 1;
      const now = clock.now();
      this.lastWindowAt.set(task, now);
      const isLatest = now - (endOf(window, plan) + clockOffsetMs) < plan.timing.windowMs;
      if (isLatest && !all && record.status?.phase !== 'done') return;
    }
  }

  private noteLate(): void {
    const { clock, plan } = this.options;
    if (this.state.phase !== 'running') return;
    const { windowMs } = plan.timing;
    for (const [task, at] of this.lastWindowAt) {
      const lag = clock.now() - at - windowMs;
      if (this.state.tasks[task]?.outcome !== null || lag < LATE_WINDOWS * windowMs + 2000) continue;
      this.state.lateTasks[task] = Math.max(this.state.lateTasks[task] ?? 0, lag);
    }
  }
}

/** All windows that an ended task says are in the store have been merged. */
const hasAll = ({ status, merged }: TaskRecord): boolean => status?.phase === 'done' && merged >= status.windows;

/** Up to when the window measured, Unix ms by the task's clock; 0 where it is empty. */
const endOf = ({ lines }: Window, plan: Plan): number =>
  Math.max(0, ...lines.flatMap(({ cells }) => cells.map(({ t }) => (t + plan.timing.cellSeconds) * 1000)));
