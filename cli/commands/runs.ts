import { Command } from 'commander';
import { stackOption, storeOption } from '../options.ts';
import { type RunRow, runsText } from '../render/runs-text.ts';
import { Runs, type RunsFlags, type StoredRun } from '../runs.ts';
import { coloursOf, tableWidthOf } from '../terminal.ts';

/** How many runs are read at a time: each run of a stack costs three reads over the network. */
const CONCURRENCY = 16;

export const runsCommand = () =>
  new Command('runs')
    .description('list the runs of this machine or of a stack')
    .addOption(storeOption())
    .addOption(stackOption())
    .action(async (flags: RunsFlags) => {
      const runs = await Runs.open(flags);
      const ids = await runs.store.listRuns();
      if (ids.length === 0) {
        process.stderr.write(`there are no runs in ${runs.where}\n`);
        return;
      }
      const rows: RunRow[] = [];
      for (let from = 0; from < ids.length; from += CONCURRENCY) {
        const batch = await Promise.all(ids.slice(from, from + CONCURRENCY).map((id) => rowOf(runs, id)));
        rows.push(...batch.filter((row) => row !== null));
      }
      process.stdout.write(runsText(rows, tableWidthOf(process.stdout), coloursOf(process.stdout)));
    });

/** A run that cannot be read, such as one of another version, is reported and does not hide the others. */
async function rowOf(runs: Runs, id: string): Promise<RunRow | null> {
  try {
    return await readRow(runs.run(id));
  } catch (error) {
    process.stderr.write(`k6-fleet: run ${id} cannot be read: ${(error as Error).message}\n`);
    return null;
  }
}

async function readRow(run: StoredRun): Promise<RunRow | null> {
  const plan = await run.plan();
  if (plan === null) return null; // it is being started, or never was
  const [result, progress] = await Promise.all([run.result(), run.progress()]);
  const startAt = progress?.startAt ?? null;
  return {
    id: run.id,
    name: plan.name,
    state: result === null ? (progress?.phase ?? 'launching') : 'finished',
    startedAt: result?.run.startedAt ?? (startAt === null ? null : new Date(startAt).toISOString()),
    durationMs: result?.run.testRunDurationMs ?? null,
    tasks: plan.tasks.length,
    verdict: result?.verdict ?? null,
  };
}
