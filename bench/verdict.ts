import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../cli/package-root.ts';
import { RunFiles } from '../core/contract/run-files.ts';
import { DirStore } from '../stores/dir.ts';
import type { BenchContext } from './context.ts';
import { cpuOf, startServer } from './processes.ts';
import type { Report } from './report.ts';
import { spreadOf, spreadText } from './spread.ts';

const TASKS = 4;

/** How long the verdict takes once the last k6 has ended. */
export async function benchVerdict({ dir, quick, log }: BenchContext): Promise<Report> {
  const runs = quick ? 1 : 7;
  const server = await startServer();
  const script = join(packageRoot, 'bench', 'scripts', 'short.js');
  const toVerdict: number[] = [];
  const toExit: number[] = [];
  try {
    for (let i = 0; i < runs; i++) {
      const store = join(dir, `store-${i}`);
      const flags = ['--tasks', String(TASKS), '-q', '--store', store, '-e', `BASE_URL=${server.target}`];
      await cpuOf(process.execPath, [join(packageRoot, 'dist', 'cli.js'), 'run', script, ...flags]);
      const exitedAt = Date.now();
      const { lastTaskAt, verdictAt } = await momentsOf(store);
      toVerdict.push(verdictAt - lastTaskAt);
      toExit.push(exitedAt - lastTaskAt);
      log(`run ${i + 1} of ${runs}: ${toVerdict.at(-1)?.toFixed(0)} ms to the verdict`);
    }
  } finally {
    server.stop();
  }
  return verdictReport(toVerdict, toExit);
}

/** When the last k6 ended and when the result was there, Unix ms. */
async function momentsOf(storeDir: string): Promise<{ lastTaskAt: number; verdictAt: number }> {
  const [run = ''] = await readdir(join(storeDir, 'runs'));
  const files = new RunFiles(new DirStore(storeDir), run);
  const ends = await Promise.all(
    Array.from({ length: TASKS }, async (_, task) => {
      return (await files.task(task, 0).status())?.endedAt ?? Number.NaN;
    }),
  );
  const { mtimeMs } = await stat(join(storeDir, files.keys.result));
  return { lastTaskAt: Math.max(...ends), verdictAt: mtimeMs };
}

/**
 * @param toVerdict ms from the end of the last k6 to result.json, @param toExit to the end of the command, of each run
 * @internal exported for its test
 */
export function verdictReport(toVerdict: number[], toExit: number[]): Report {
  const row = (what: string, values: number[]) => [what, spreadText(spreadOf(values), 0)];
  return {
    name: 'verdict',
    title: 'From the end of the last k6 to the verdict',
    head: ['until', 'ms'],
    rows: [row('the result is written', toVerdict), row('all workers and the command have exited', toExit)],
    aims: [{ what: 'ms to the verdict', value: spreadOf(toVerdict).median, atMost: 1000 }],
    notes: [`Median (range) of ${toVerdict.length} runs of ${TASKS} tasks, without teardown and handleSummary.`],
    data: { toVerdict, toExit },
  };
}
