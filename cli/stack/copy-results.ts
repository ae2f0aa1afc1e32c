import { taskKeys } from '../../core/contract/keys.ts';
import type { Result } from '../../core/contract/result.ts';
import { Runs, type StoredRun } from '../runs.ts';

/** So many logs of tasks that did not end well are enough to see why. */
const MAX_LOGS = 10;

/** Copies what a run has left in its bucket into the folder of runs, where `show` finds it without AWS. */
export async function copyResults(run: StoredRun, result: Result, storeDir: string): Promise<StoredRun> {
  const copy = Runs.inFolder(storeDir).run(run.id);
  const { plan, result: answer, summaryInput, summaryOutput } = run.keys;
  const failed = result.tasks.filter(({ state }) => state === 'lost' || state === 'failed').slice(0, MAX_LOGS);
  const logs = failed.map(({ task, attempts }) => taskKeys(run.id, task, attempts - 1).log);
  await Promise.all(
    [plan, answer, summaryInput, summaryOutput, ...logs].map(async (key) => {
      const body = await run.store.get(key);
      if (body !== null) await copy.store.put(key, body);
    }),
  );
  return copy;
}
