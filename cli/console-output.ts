/** `--console-output`: what the script printed in all tasks, in one file. */
import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { K6Exit } from '../core/contract/exit-codes.ts';
import { errorLine, UserError } from '../core/errors.ts';
import type { StoredRun } from './runs.ts';
import { attemptsOf, lineTimes } from './task-logs.ts';

/** Creates the file, as k6 does at its start. @throws UserError (104) if it cannot be written */
export async function assertAppendable(path: string | undefined): Promise<void> {
  if (path === undefined) return;
  try {
    await (await open(path, 'a', 0o644)).close();
  } catch (error) {
    throw new UserError(
      `--console-output ${path === '' ? '""' : path}: ${errorLine(error)}; choose a file that can be written`,
      K6Exit.invalidConfig,
    );
  }
}

/** Appends what the tasks of a run printed, merged by time. @returns false if that failed, which is reported and ends nothing */
export async function appendConsole(run: StoredRun, path: string): Promise<boolean> {
  try {
    await pipeline(Readable.from(mergedLines(run)), createWriteStream(path, { flags: 'a', mode: 0o644 }));
    return true;
  } catch (error) {
    process.stderr.write(`k6-fleet: cannot write ${path}: ${(error as Error).message}\n`);
    process.exitCode ??= 1;
    return false;
  }
}

/** A worker's own line: how much it omitted. */
const isNotice = (line: string): boolean => line.endsWith(' source=k6-fleet');

interface Source {
  lines: AsyncIterator<string>;
  timeOf: (text: string) => number;
  task: number;
  /** The next line; null: there is none. */
  next: { text: string; at: number } | null;
}

async function* mergedLines(run: StoredRun): AsyncGenerator<string> {
  const tasks = (await run.plan())?.tasks.length ?? 0;
  const refs = await attemptsOf(run, [...Array(tasks).keys()]);
  const sources = (await Promise.all(refs.map(({ task, attempt }) => openSource(run, task, attempt)))).filter(
    (source) => source !== null,
  );
  for (;;) {
    const source = earliest(sources);
    if (source?.next == null) return;
    const { text } = source.next;
    if (isNotice(text)) process.stderr.write(`k6-fleet: ${/ msg="(.*)" source=/.exec(text)?.[1] ?? text}\n`);
    yield tasks > 1 ? `${text} task=${source.task}\n` : `${text}\n`;
    await advance(source);
  }
}

/** Null: that attempt printed nothing. The compressed bytes of all attempts are in memory at once, not the lines. */
async function openSource(run: StoredRun, task: number, attempt: number): Promise<Source | null> {
  const body = await run.task(task, attempt).console();
  if (body === null) return null;
  const input = Readable.from([body]).pipe(createGunzip());
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })[Symbol.asyncIterator]();
  const source: Source = { lines, timeOf: lineTimes(), task, next: null };
  await advance(source);
  return source;
}

async function advance(source: Source): Promise<void> {
  const { done, value } = await source.lines.next();
  source.next = done === true ? null : { text: value, at: source.timeOf(value) };
}

/** Of the same time, that of the first task. */
function earliest(sources: readonly Source[]): Source | null {
  let first: Source | null = null;
  for (const source of sources) {
    if (source.next !== null && (first?.next == null || source.next.at < first.next.at)) first = source;
  }
  return first;
}
