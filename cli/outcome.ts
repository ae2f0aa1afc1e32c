import { writeFile } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import type { SummaryMode } from '../core/contract/plan.ts';
import type { Result } from '../core/contract/result.ts';
import type { SummaryOutput } from '../core/contract/script-data.ts';
import { makeFolder } from '../stores/make-folder.ts';
import { appendConsole } from './console-output.ts';
import { summaryText } from './render/summary-text.ts';
import { type ResultFile, verdictText } from './render/verdict-text.ts';
import type { StoredRun } from './runs.ts';
import { coloursOf, widthOf } from './terminal.ts';

export interface OutcomeOptions {
  /** Detail of the summary on the terminal, unless the script makes its own. Default: as the run was started. */
  summaryMode?: SummaryMode | undefined;
  /** Paths for copies of result.json and summary.json. */
  json?: string | undefined;
  summary?: string | undefined;
  /** Path of a file for what the script printed. */
  consoleOutput?: string | undefined;
  /** What else the user may want to open. */
  links?: ResultFile[];
}

/** Prints the outcome of a run that has just ended, and writes the files that its script or the command line asks for. */
export async function printOutcome(run: StoredRun, result: Result, options: OutcomeOptions): Promise<void> {
  const outputs = await run.summaryOutput();
  if (outputs === null) await printSummary(run, result, options.summaryMode);
  else await writeOutputs(outputs);
  const written: ResultFile[] = [{ label: 'files', path: nearest(run.where) }];
  const copies: [string | undefined, string, string][] = [
    [options.json, run.keys.result, 'result'],
    [options.summary, run.keys.summaryInput, 'summary'],
  ];
  for (const [path, key, label] of copies) {
    const body = path === undefined ? null : await run.store.get(key);
    if (path === undefined || body === null) continue;
    await writeOutput(path, body);
    written.push({ label, path });
  }
  if (options.consoleOutput !== undefined && (await appendConsole(run, options.consoleOutput))) {
    written.push({ label: 'console', path: options.consoleOutput });
  }
  printVerdict(result, [...written, ...(options.links ?? [])]);
}

/** Prints the summary and the verdict of a run that ended some time ago; writes nothing. */
export async function printPastOutcome(run: StoredRun, result: Result, summaryMode?: SummaryMode): Promise<void> {
  await printSummary(run, result, summaryMode);
  printVerdict(result, [{ label: 'files', path: nearest(run.where) }]);
}

function printVerdict(result: Result, files: ResultFile[]): void {
  process.stdout.write(`\n${verdictText(result, widthOf(process.stdout), coloursOf(process.stdout), files)}`);
}

async function writeOutputs(outputs: NonNullable<SummaryOutput>): Promise<void> {
  for (const [name, content] of Object.entries(outputs)) {
    const body = 'text' in content ? content.text : Buffer.from(content.base64, 'base64');
    if (name === 'stdout') process.stdout.write(body);
    else if (name === 'stderr') process.stderr.write(body);
    else await writeOutput(name, body);
  }
}

/** @param mode default: as the run was started */
async function printSummary(run: StoredRun, result: Result, mode?: SummaryMode): Promise<void> {
  const summary = await run.summaryInput();
  if (summary === null) return;
  const { sections, checks } = result;
  if (mode === 'full' && sections === null) {
    process.stderr.write(
      'k6-fleet: the run was started with --summary-mode compact, so it has no metrics by scenario and group\n',
    );
  }
  const aggregates = Object.fromEntries(Object.entries(result.metrics).map(([name, { values }]) => [name, values]));
  const text = summaryText(summary, {
    colours: coloursOf(process.stdout),
    mode: mode ?? (sections === null ? 'compact' : 'full'),
    aggregates,
    sections,
    checks,
  });
  process.stdout.write(`\n${text}`);
}

/** A file that cannot be written is reported and ends nothing: the result is in the store. */
async function writeOutput(path: string, body: string | Uint8Array): Promise<void> {
  try {
    await makeFolder(dirname(path));
    await writeFile(path, body);
  } catch (error) {
    process.stderr.write(`k6-fleet: cannot write ${path}: ${(error as Error).message}\n`);
    process.exitCode ??= 1;
  }
}

/** The shorter of the absolute path and the relative one. */
function nearest(path: string): string {
  if (path.startsWith('s3://')) return path;
  const near = relative(process.cwd(), path);
  return near.length < path.length && !near.startsWith('..') ? near : path;
}
