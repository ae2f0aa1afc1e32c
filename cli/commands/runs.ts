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
      const rows = await Promise.all(ids.map(async (id) => rowOf(await LocalRun.open(store, id))));
      process.stdout.write(
        runsText(
          rows.filter((row) => row !== null),
          widthOf(process.stdout),
          coloursOf(process.stdout),
        ),
      );
    });

async function rowOf(run: LocalRun): Promise<RunRow | null> {
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
