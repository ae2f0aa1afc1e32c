import type { Result } from '../../core/contract/result.ts';
import { errorLines, failedRequestLines } from './errors-text.ts';
import { formatClock, formatCount, formatPlural, formatShare, formatShortDuration } from './format.ts';
import { bulletLines, type Colours, fieldLines, palette, printable, textWidth, truncate, wrap } from './line.ts';
import { targetLines } from './target-text.ts';

/** A file that the user may want to open. */
export interface ResultFile {
  /** What it is, such as `report`. */
  label: string;
  path: string;
}

/** More lost tasks than this are only counted. */
const MAX_LISTED_TASKS = 10;
/** More changes of alarms than this are only counted. */
const MAX_LISTED_ALARMS = 10;

/**
 * How the run went, from the verdict to the files.
 *
 * @param width columns of the terminal; from 40 on only links are longer
 */
export function verdictText(
  result: Result,
  width: number,
  colours: boolean,
  files: readonly ResultFile[] = [],
): string {
  const paint = palette(colours);
  const sections = [
    headline(result, width, paint),
    [
      ...runLines(result, width, paint),
      ...generatorLines(result, width, paint),
      ...taskLines(result, width, paint),
      ...failedRequestLines(result, width, paint),
    ],
    errorLines(result, width, paint),
    result.target ? targetLines(result, result.target, width, paint) : [],
    alarmLines(result, width, paint),
    result.warnings.length > 0
      ? [paint.bold('Warnings'), ...result.warnings.flatMap((text) => bulletLines('!', text, width, paint.yellow))]
      : [],
    files.flatMap((file) => fileLines(file, width, paint)),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

/** The verdict, and in the same line what it does not judge: a run in which every iteration throws passes, as in k6. */
function headline({ verdict, notes }: Result, width: number, paint: Colours): string[] {
  const word = verdict.passed ? 'PASSED' : 'FAILED';
  const title = verdict.passed ? paint.bold(paint.green(word)) : paint.bold(paint.red(word));
  const code = `  exit code ${verdict.exitCode}`;
  const [mark, style] = verdict.passed ? ['✓', paint.green] : ['✗', paint.red];
  const indent = textWidth(word + code) + 2;
  const text = notes.length === 0 ? '' : `— ${verdict.passed ? 'but ' : ''}${notes.map(printable).join(', and ')}`;
  const [first = '', ...more] = text === '' ? [] : wrap(text, width - indent);
  return [
    `${title}${paint.dim(code)}${first === '' ? '' : `  ${paint.yellow(first)}`}`,
    ...more.map((line) => ' '.repeat(indent) + paint.yellow(line)),
    ...verdict.reasons.flatMap((reason) => bulletLines(mark, reason, width, style)),
  ];
}

function runLines({ run, stop, verdict }: Result, width: number, paint: Colours): string[] {
  const parts = [
    ...(run.setupMs > 0 ? [`setup ${formatShortDuration(run.setupMs)}`] : []),
    ...(run.teardownMs > 0 ? [`teardown ${formatShortDuration(run.teardownMs)}`] : []),
  ];
  const took = run.startedAt === null ? 'the test never started' : formatShortDuration(run.testRunDurationMs);
  return [
    ...fieldLines('run', run.id, width, paint),
    ...fieldLines('took', parts.length > 0 ? `${took} (${parts.join(', ')})` : took, width, paint),
    ...(stop && !verdict.reasons.includes(stop.message)
      ? fieldLines('stopped', `${stop.kind}: ${stop.message}`, width, paint, paint.yellow)
      : []),
  ];
}

function generatorLines({ generator }: Result, width: number, paint: Colours): string[] {
  if (!generator.saturated) return [];
  const warning = 'saturated: the load generator lacked resources, so these numbers do not describe the target';
  return [
    ...fieldLines('generator', warning, width, paint, paint.yellow),
    ...generator.reasons.flatMap((reason) => bulletLines('!', reason, width, paint.yellow)),
  ];
}

function taskLines({ tasks, run }: Result, width: number, paint: Colours): string[] {
  const counts = new Map<string, number>();
  for (const { state } of tasks) counts.set(state, (counts.get(state) ?? 0) + 1);
  const states = [...counts].map(([state, count]) => `${formatCount(count)} ${state}`);
  const skews = tasks.map((task) => task.startSkewMs).filter((skew) => skew !== null);
  const skew = skews.reduce((max, ms) => Math.max(max, ms), 0);
  const start = skews.length > 0 ? `, start skew at most ${formatShortDuration(skew)}` : '';
  const bad = tasks.filter((task) => task.lost !== null || task.state === 'failed');
  const missing = tasks.reduce((sum, { lost }) => sum + (lost?.missingShare ?? 0), 0);
  const listed = bad.slice(0, MAX_LISTED_TASKS).map(({ task, lost, message, exitCode }) => {
    if (lost) {
      const share = formatShare(lost.missingShare);
      const planned = lost.missingOf === 'iterations' ? 'iterations' : 'load';
      return `task ${task} lost at ${formatClock(lost.atMs)}, ${share} of the planned ${planned} missing: ${lost.reason}`;
    }
    return `task ${task} failed: ${message ?? `exit code ${exitCode ?? 'unknown'}`}`;
  });
  if (bad.length > listed.length) listed.push(`and ${formatPlural(bad.length - listed.length, 'more task')}`);
  return [
    ...fieldLines('tasks', `${formatCount(run.tasks)}: ${states.join(', ')}${start}`, width, paint),
    ...listed.flatMap((text) => bulletLines('✗', text, width, paint.red)),
    ...(bad.length > 1 && missing > 0
      ? fieldLines('missing', `${formatShare(missing)} of the planned load was never sent`, width, paint, paint.red)
      : []),
  ];
}

/** The state changes of CloudWatch alarms that fired, by time since the start. Alarms that never fired are left out. */
function alarmLines({ alarms, run }: Result, width: number, paint: Colours): string[] {
  const fired = new Set(alarms.filter(({ state }) => state === 'ALARM').map(({ name }) => name));
  const changes = alarms.filter(({ name }) => fired.has(name));
  if (changes.length === 0) return [];
  const startAt = Date.parse(run.startedAt ?? run.createdAt);
  const lines = changes.slice(0, MAX_LISTED_ALARMS).flatMap(({ name, at, state, reason }) => {
    const [mark, style] = state === 'ALARM' ? ['✗', paint.red] : ['·', paint.dim];
    return bulletLines(mark, `${formatClock(at - startAt)} ${name} ${state}: ${reason}`, width, style);
  });
  const more = changes.length - MAX_LISTED_ALARMS;
  return [paint.bold('Alarms'), ...lines, ...(more > 0 ? bulletLines('·', `and ${more} more`, width, paint.dim) : [])];
}

/** Paths are meant to be copied, so a long one gets its own lines. A link is never broken. */
function fileLines({ label, path }: ResultFile, width: number, paint: Colours): string[] {
  if (/^https?:/.test(path)) return [paint.dim(truncate(printable(label), width)), printable(path)];
  const lines = fieldLines(label, path, width, paint);
  return lines.length === 1 ? lines : [paint.dim(truncate(printable(label), width)), ...wrap(printable(path), width)];
}
