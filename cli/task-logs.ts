/** The logs of a run's tasks: read, followed, and merged by time. */
import { gunzipSync } from 'node:zlib';
import { eachInParallel } from '../core/parallel.ts';
import type { TaskRef } from '../core/ports.ts';
import type { StoredRun } from './runs.ts';

/** How many logs are read at a time. */
const CONCURRENCY = 16;

/** A line of the log of one attempt. */
export interface LogLine extends TaskRef {
  text: string;
}

/** The attempts at these tasks, in order. */
export async function attemptsOf(run: StoredRun, tasks: readonly number[]): Promise<TaskRef[]> {
  // A copy of a run on AWS has no control.json.
  const [control, result] = await Promise.all([run.control(), run.result()]);
  const last = (task: number) => control?.value.attempts[task] ?? (result?.tasks[task]?.attempts ?? 1) - 1;
  return tasks.flatMap((task) => Array.from({ length: last(task) + 1 }, (_, attempt) => ({ task, attempt })));
}

/** Reads what the logs of attempts have gained since it was called last. */
export class LogReader {
  private readonly seen = new Map<string, string>();

  constructor(private readonly run: StoredRun) {}

  /** @param all returns an unfinished last line too */
  async read(refs: readonly TaskRef[], { all }: { all: boolean }): Promise<LogLine[]> {
    const lines: LogLine[][] = refs.map(() => []);
    await eachInParallel([...refs.keys()], CONCURRENCY, async (index) => {
      const ref = refs[index];
      if (ref !== undefined) lines[index] = await this.readOne(ref, all);
    });
    return mergeByTime(lines);
  }

  private async readOne(ref: TaskRef, all: boolean): Promise<LogLine[]> {
    const body = await this.run.task(ref.task, ref.attempt).log();
    if (body === null) return [];
    const whole = gunzipSync(body).toString('utf8');
    const text = all ? whole : whole.slice(0, whole.lastIndexOf('\n') + 1);
    const key = `${ref.task}/${ref.attempt}`;
    const added = addedText(this.seen.get(key) ?? '', text);
    if (added === '') return [];
    this.seen.set(key, text);
    return added
      .replace(/\n$/, '')
      .split('\n')
      .map((line) => ({ ...ref, text: line }));
  }
}

/** How much of the end of a text identifies it in a later version of the same log. */
const ANCHOR_LENGTH = 2000;

/**
 * What a log has gained. It keeps its beginning and its end only, so the earlier text may have lost its middle; if even
 * its end is gone, all after the log's gap is new.
 * @internal exported for its test
 */
export function addedText(before: string, now: string): string {
  if (now.startsWith(before)) return now.slice(before.length);
  const anchor = before.slice(-ANCHOR_LENGTH);
  const at = now.lastIndexOf(anchor);
  if (at >= 0) return now.slice(at + anchor.length);
  const gap = /\n(… \d+ bytes omitted …\n)/.exec(now);
  return gap === null ? now : now.slice(gap.index + 1);
}

/** In logfmt as k6 writes it, or in JSON. */
const TIME = /^time="?([0-9T:.Z+-]+)|"time":"([0-9T:.Z+-]+)"/;

/**
 * The times of the lines of one log, Unix ms. A line without one, such as of a stack trace, has that of the line before
 * it; no time is earlier than the one before, since a clock that was set back must not change the order of a log.
 */
export function lineTimes(): (text: string) => number {
  let at = Number.NEGATIVE_INFINITY;
  return (text) => {
    const match = TIME.exec(text);
    const time = match === null ? Number.NaN : Date.parse(match[1] ?? match[2] ?? '');
    if (!Number.isNaN(time)) at = Math.max(at, time);
    return at;
  };
}

/** Merges logs by the times of their lines; no log changes its order. @internal exported for its test */
export function mergeByTime(logs: readonly LogLine[][]): LogLine[] {
  const timed = logs.flatMap((lines) => {
    const timeOf = lineTimes();
    return lines.map((line) => ({ line, at: timeOf(line.text) }));
  });
  // Sorting is stable: of the same time, the log of the first task comes first. -Infinity minus itself is NaN.
  return timed.sort((a, b) => (a.at === b.at ? 0 : a.at - b.at)).map(({ line }) => line);
}
