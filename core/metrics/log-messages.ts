import { type LogExample, type LogLevel, type LogMessage, type LogSource, OTHER_MESSAGES } from '../contract/window.ts';
import { BoundedMap } from './breakdown.ts';
import { TaskSet } from './task-set.ts';

/** A message of the tasks' logs, over all tasks. Moments are Unix ms by the store's clock. */
export interface LoggedMessage {
  message: string;
  level: LogLevel;
  source: LogSource;
  /** Absent as in `LogMessage`. */
  scenario?: string;
  place?: string;
  count: number;
  firstAt: number;
  lastAt: number;
  tasks: TaskSet;
  /** The earliest one; null: its task has not sent it. */
  example: (LogExample & { task: number }) | null;
}

export type LoggedMessageJson = Omit<LoggedMessage, 'tasks'> & { tasks: number[] };

export interface LogTotals {
  /** Iterations that threw an exception. */
  exceptions: number;
  /** Requests that failed without a response. */
  requests: number;
  /** All other errors. */
  errors: number;
  /** All other warnings. */
  warnings: number;
}

/**
 * The distinct warnings and errors of the tasks' logs. Counts are exact; messages past the limit are counted together, by
 * level and source. The outcome is the same in whatever order windows are added.
 */
export class LogMessages {
  private readonly kept: BoundedMap<LoggedMessage>;
  private readonly others = new Map<string, LoggedMessage>();

  /** @param limit how many messages to tell apart */
  constructor(limit: number) {
    this.kept = new BoundedMap(limit, (evicted) => this.addToOthers(evicted));
  }

  add(entry: LogMessage, task: number, clockOffsetMs: number): void {
    const { example = null, firstAt, lastAt, ...rest } = entry;
    this.merge({
      ...rest,
      firstAt: firstAt + clockOffsetMs,
      lastAt: lastAt + clockOffsetMs,
      tasks: new TaskSet().add(task),
      example: example === null ? null : { ...example, at: example.at + clockOffsetMs, task },
    });
  }

  /** The most frequent first. */
  list(): LoggedMessage[] {
    const rows = [...this.kept.sorted(), ...[...this.others].sort(([a], [b]) => (a < b ? -1 : 1))];
    return rows.map(([, row]) => row).sort((a, b) => b.count - a.count);
  }

  totals(): LogTotals {
    const totals: LogTotals = { exceptions: 0, requests: 0, errors: 0, warnings: 0 };
    for (const row of this.list()) totals[totalOf(row)] += row.count;
    return totals;
  }

  toJson(): LoggedMessageJson[] {
    return this.list().map((row) => ({ ...row, tasks: row.tasks.toJson() }));
  }

  /** Adds what `toJson` returned. */
  restore(rows: readonly LoggedMessageJson[]): void {
    for (const row of rows) this.merge({ ...row, tasks: TaskSet.fromJson(row.tasks) });
  }

  private merge(row: LoggedMessage): void {
    let created = false;
    const create = () => {
      created = true;
      return row;
    };
    const known = row.message === OTHER_MESSAGES ? undefined : this.kept.getOrCreate(keyOf(row), create);
    if (known === undefined) this.addToOthers(row);
    else if (!created) addTo(known, row);
  }

  private addToOthers({ level, source, count, firstAt, lastAt, tasks, example }: LoggedMessage): void {
    const key = JSON.stringify([level, source]);
    const known = this.others.get(key);
    const row = { message: OTHER_MESSAGES, level, source, count, firstAt, lastAt, tasks, example };
    if (known === undefined) this.others.set(key, row);
    else addTo(known, row);
  }
}

function addTo(row: LoggedMessage, other: LoggedMessage): void {
  row.count += other.count;
  row.firstAt = Math.min(row.firstAt, other.firstAt);
  row.lastAt = Math.max(row.lastAt, other.lastAt);
  row.tasks.addAll(other.tasks);
  if (other.example !== null && (row.example === null || isEarlier(other.example, row.example))) {
    row.example = other.example;
  }
}

function isEarlier(a: LogExample & { task: number }, b: LogExample & { task: number }): boolean {
  const order = a.at - b.at || a.task - b.task;
  return order === 0 ? JSON.stringify(a) < JSON.stringify(b) : order < 0;
}

/** Messages with the smallest keys are kept: errors before warnings, and both before what the script itself writes. */
function keyOf({ level, source, scenario = '', place = '', message }: LoggedMessage): string {
  const rank = source === 'console' ? 2 : level === 'error' ? 0 : 1;
  return `${rank}${JSON.stringify([source, level, scenario, place, message])}`;
}

function totalOf({ level, source }: LoggedMessage): keyof LogTotals {
  if (source === 'exception') return 'exceptions';
  if (source === 'request') return 'requests';
  return level === 'error' ? 'errors' : 'warnings';
}
