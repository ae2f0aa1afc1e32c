import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { taskKeys } from '../core/contract/keys.ts';
import { RunFiles } from '../core/contract/run-files.ts';
import { initialTaskStatus, type TaskStatus } from '../core/contract/task-status.ts';
import type { CellLine, Window } from '../core/contract/window.ts';
import { RunMetrics } from '../core/metrics/run-metrics.ts';
import { compression } from '../stores/compression.ts';
import { DirStore } from '../stores/dir.ts';
import type { BenchContext } from './context.ts';
import { startServer } from './processes.ts';
import { COARSE_SECONDS, type Recording, recordCells } from './recording.ts';
import type { Report } from './report.ts';
import { type Spread, spreadOf, spreadText } from './spread.ts';

/** The aim: 5,000 tasks, each shipping a window every 10 s, are 500 windows/s on one core. */
const AIM_MS = 1000 / 500;
const WINDOW_SECONDS = COARSE_SECONDS;
const RUN = 'bench';

/** The coordinator's cost of one window. */
export interface Cost {
  what: string;
  /** Size of a window in the store, bytes. */
  bytes: number;
  /** CPU. */
  perWindowMs: Spread;
  windowsPerSecond: Spread;
  /** CPU of one checkpoint of all merged windows. */
  checkpointMs: number;
  checkpointBytes: number;
}

/** Reads and merges the windows of a thousand tasks, made of cells that a real k6 has measured. */
export async function benchMerging({ k6, dir, quick, log }: BenchContext): Promise<Report> {
  const tasks = quick ? 5 : 1000;
  const rounds = quick ? 1 : 5;
  log('running k6 for 20 s to record real cells');
  const { fine, coarse } = await realCells(k6, dir, quick ? 4 : 2 * WINDOW_SECONDS);
  const store = new DirStore(join(dir, 'store'));
  const costs: Cost[] = [];
  for (const [what, lines] of [
    [`${fine.length} cells of 1 s`, fine],
    [`1 cell of ${WINDOW_SECONDS} s`, coarse],
  ] as const) {
    costs.push(await costOf(what, lines, { store, tasks, rounds }));
    log(`${what}: ${costs.at(-1)?.perWindowMs.median.toFixed(2)} ms of CPU per window`);
  }
  return mergingReport(costs, await pollCost(store, tasks, rounds), tasks, rounds);
}

/** Lines as k6 writes them for a script with three endpoints: ten with cells of one second, and one with a cell of ten. */
async function realCells(k6: string, dir: string, seconds: number): Promise<Recording> {
  const server = await startServer();
  try {
    const vars = { BASE_URL: server.target, SECONDS: seconds };
    const { fine, coarse } = await recordCells(k6, dir, 'endpoints.js', vars);
    const size = (line: CellLine) => JSON.stringify(line).length;
    const largest = coarse.toSorted((a, b) => size(b) - size(a)).slice(0, 1);
    return { fine: fine.slice(1, 1 + WINDOW_SECONDS), coarse: largest };
  } finally {
    server.stop();
  }
}

/** Each round reads one window of every task, as one coordinator does. @internal exported for its test */
export async function costOf(
  what: string,
  lines: CellLine[],
  { store, tasks, rounds }: { store: DirStore; tasks: number; rounds: number },
): Promise<Cost> {
  const metrics = new RunMetrics([]);
  const startAtMs = Math.min(...lines.flatMap(({ cells }) => cells.map(({ t }) => t))) * 1000;
  const perWindowMs: number[] = [];
  const windowsPerSecond: number[] = [];
  let bytes = 0;
  // The first round warms up the JIT: a coordinator runs for minutes.
  for (let round = 0; round <= rounds; round++) {
    bytes = await writeWindows(store, tasks, round, lines);
    const cost = await measure(() =>
      Promise.all(Array.from({ length: tasks }, (_, task) => readWindow(store, metrics, task, round, startAtMs))),
    );
    await rm(join(store.root, 'scratch'), { recursive: true });
    if (round === 0) continue;
    perWindowMs.push(cost.cpuMs / tasks);
    windowsPerSecond.push((tasks / cost.wallMs) * 1000);
  }
  let checkpointBytes = 0;
  const checkpoint = await measure(async () => {
    checkpointBytes = (await promisify(gzip)(JSON.stringify(metrics.toJson()))).length;
  });
  return {
    what,
    bytes,
    perWindowMs: spreadOf(perWindowMs),
    windowsPerSecond: spreadOf(windowsPerSecond),
    checkpointMs: checkpoint.cpuMs,
    checkpointBytes,
  };
}

/** Writes one window of each task; returns the size of one, bytes. */
async function writeWindows(store: DirStore, tasks: number, seq: number, lines: CellLine[]): Promise<number> {
  const later = lines.map((line) => ({
    ...line,
    cells: line.cells.map((cell) => ({ ...cell, t: cell.t + seq * WINDOW_SECONDS })),
  }));
  let bytes = 0;
  for (let task = 0; task < tasks; task++) {
    const window: Window = { v: 1, task, attempt: 0, seq, job: 'load', busy: 0.5, lines: later };
    const body = await promisify(gzip)(JSON.stringify(window));
    await store.put(taskKeys(RUN, task, 0).window(seq), body);
    bytes = body.length;
  }
  return bytes;
}

/** The same steps as the coordinator's. */
async function readWindow(
  store: DirStore,
  metrics: RunMetrics,
  task: number,
  seq: number,
  startAtMs: number,
): Promise<void> {
  const window = await new RunFiles(store, RUN).task(task, 0).window(seq, compression);
  if (window === null) throw new Error(`there is no window ${seq} of task ${task}`);
  metrics.addWindow(window, { startAtMs, clockOffsetMs: 0 });
}

/** CPU ms of polling a task that has nothing new: reads its status, and a window that does not exist. */
async function pollCost(store: DirStore, tasks: number, rounds: number): Promise<Spread> {
  const status: TaskStatus = { ...initialTaskStatus(0, 0, 1), phase: 'running', k6Pid: 2, startSkewMs: 1 };
  const run = new RunFiles(store, RUN);
  const files = Array.from({ length: tasks }, (_, task) => run.task(task, 0));
  for (const file of files) await file.putStatus(status);
  const costs: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const cost = await measure(() =>
      Promise.all(
        files.map(async (file) => {
          await file.status();
          await file.window(0, compression);
        }),
      ),
    );
    if (round > 0) costs.push(cost.cpuMs / tasks);
  }
  return spreadOf(costs);
}

/** CPU time of all threads of this process, and wall time, ms. */
async function measure(work: () => Promise<unknown>): Promise<{ cpuMs: number; wallMs: number }> {
  const from = performance.now();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return { cpuMs: (user + system) / 1000, wallMs: performance.now() - from };
}

/** @internal exported for its test */
export function mergingReport(costs: Cost[], pollMs: Spread, tasks: number, rounds: number): Report {
  return {
    name: 'merging',
    title: `Merging the windows of ${tasks.toLocaleString('en')} tasks in one coordinator`,
    head: ['window', 'KB', 'ms of CPU per window', 'windows/s', 'checkpoint: ms of CPU', 'KB'],
    rows: costs.map((cost) => [
      cost.what,
      (cost.bytes / 1000).toFixed(1),
      spreadText(cost.perWindowMs, 2),
      spreadText(cost.windowsPerSecond, 0),
      cost.checkpointMs.toFixed(0),
      (cost.checkpointBytes / 1000).toFixed(0),
    ]),
    aims: costs.map(({ what, perWindowMs }) => ({
      what: `ms of CPU per window of ${what} (2 ms allow 5,000 tasks with a window every 10 s on one core)`,
      value: perWindowMs.median,
      atMost: AIM_MS,
    })),
    notes: [
      `Median (range) of ${rounds} rounds with one window of each task. Includes reading from a directory, unzipping, parsing ` +
        'and adding, on all threads. k6 measured the windows on three endpoints with a check each at 150 requests/s. Polling ' +
        `a task that has nothing new costs another ${pollMs.median.toFixed(2)} ms of CPU each time.`,
    ],
    data: { tasks, costs, pollMs },
  };
}
