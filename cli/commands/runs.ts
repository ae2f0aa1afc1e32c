import { Command } from 'commander';
import { LocalRun, listRuns } from '../local-runs.ts';
import { storeOption } from '../options.ts';
import { type RunRow, runsText } from '../render/runs-text.ts';
import { coloursOf, widthOf } from '../terminal.ts';

export const runsCommand = () =>
  new Command('runs')
    .description('list the runs of this machine')
    .addOption(storeOption())
    .action(async ({ store }: { store: string }) => {
      const ids = await listRuns(store);
      if (ids.length === 0) {
        process.stderr.write(`there are no runs in ${store}\n`);
        return;
      }
      const rows = await Promise.all(ids.map((id) => rowOf(store, id)));
      process.stdout.write(
        runsText(
          rows.filter((row) => row !== null),
          widthOf(process.stdout),
          coloursOf(process.stdout),
        ),
      );
    });

/** A run that cannot be read, such as one of another version, is told and does not hide the others. */
async function rowOf(storeDir: string, id: string): Promise<RunRow | null> {
  try {
    return await readRow(await LocalRun.open(storeDir, id));
  } catch (error) {
    process.stderr.write(`k6-fleet: run ${id} cannot be read: ${(error as Error).message}\n`);
    return null;
  }
}

async function readRow(run: LocalRun): Promise<RunRow | null> {
  const plan = await run.plan();
  if (plan === null) return null; // its plan is being written, or never was
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
