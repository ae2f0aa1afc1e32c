import { dashboardUrl } from '../../core/contract/cloudwatch.ts';
import { taskKeys } from '../../core/contract/keys.ts';
import type { Result } from '../../core/contract/result.ts';
import type { StackInfo } from '../../core/contract/stack.ts';
import type { ResultFile } from '../render/verdict-text.ts';
import { Runs, type StoredRun } from '../runs.ts';

/** The logs of this many tasks that were lost or failed are enough to see why. */
const MAX_LOGS = 10;

/** Copies the results of a run from its bucket into the folder of runs, where `show` reads them without AWS. */
export async function copyResults(
  run: StoredRun,
  result: Result,
  { store: storeDir, consoleOutput }: { store: string; consoleOutput?: string | undefined },
): Promise<StoredRun> {
  const copy = Runs.inFolder(storeDir).run(run.id);
  const { plan, result: resultKey, summaryInput, summaryOutput } = run.keys;
  const failed = result.tasks.filter(({ state }) => state === 'lost' || state === 'failed').slice(0, MAX_LOGS);
  const logs = failed.map(({ task, attempts }) => taskKeys(run.id, task, attempts - 1).log);
  // What the script printed is copied only if it was asked for.
  const consoles =
    consoleOutput === undefined ? [] : allAttempts(result).map((ref) => taskKeys(run.id, ...ref).console);
  await Promise.all(
    [plan, resultKey, summaryInput, summaryOutput, ...logs, ...consoles].map(async (key) => {
      const body = await run.store.get(key);
      if (body !== null) await copy.store.put(key, body);
    }),
  );
  return copy;
}

const allAttempts = (result: Result): [task: number, attempt: number][] =>
  result.tasks.flatMap(({ task, attempts }) =>
    Array.from({ length: attempts }, (_, at): [number, number] => [task, at]),
  );

/** Where to look on AWS: the run's files, and the dashboard around the time of the run. */
export function resultLinks(run: StoredRun, { region, dashboard }: StackInfo, result: Result): ResultFile[] {
  const bucket = { label: 'bucket', path: run.where };
  if (dashboard === null) return [bucket];
  return [bucket, { label: 'dashboard', path: dashboardUrl(region, dashboard, result.run) }];
}
