/** Deleting runs. */
import { K6Exit } from '../core/contract/exit-codes.ts';
import { UserError } from '../core/errors.ts';
import { LOCAL_TIMING } from '../core/plan/build.ts';
import type { RunIndex } from '../stores/run-index.ts';
import { Runs, type StoredRun } from './runs.ts';

/** Runs by id, or all that there are. */
export type PurgedRuns = readonly string[] | 'all';

/** Where runs are deleted. */
export interface PurgeTarget {
  /** As a user knows it: a folder, or `s3://bucket`. */
  where: string;
  /** All runs are deleted only if the command line says so. */
  needsAll: boolean;
  /** The bucket is deleted with all of its runs. */
  bucketGoes: boolean;
  /** @throws UserError (104) if a run does not exist or is active */
  assertDeletable(runs: PurgedRuns): Promise<void>;
  delete(runs: PurgedRuns): Promise<void>;
}

/** The runs of this machine. */
export function localPurge(storeDir: string, now: () => number = Date.now): PurgeTarget {
  const runs = Runs.inFolder(storeDir);
  return {
    where: storeDir,
    needsAll: true,
    bucketGoes: false,
    assertDeletable: async (chosen) => {
      for (const id of await existing(runs.store, chosen, {
        where: storeDir,
        hint: `; see k6-fleet runs${runs.flag}`,
      })) {
        if (await isActive(runs.run(id), now())) {
          throw new UserError(
            `run ${id} is still active: stop it first with k6-fleet stop ${id}${runs.flag}; if its coordinator has died, its tasks end within a minute`,
            K6Exit.invalidConfig,
          );
        }
      }
    },
    delete: (chosen) => deleteRuns(runs.store, chosen),
  };
}

/** The ids of these runs. @throws UserError (104) if one does not exist */
export async function existing(
  store: RunIndex,
  chosen: PurgedRuns,
  { where, hint }: { where: string; hint: string },
): Promise<readonly string[]> {
  const known = await store.listRuns();
  if (chosen === 'all') return known;
  const unknown = chosen.filter((id) => !known.includes(id));
  if (unknown.length === 0) return chosen;
  const names = unknown.map((id) => `"${id}"`).join(', ');
  throw new UserError(`nothing was deleted: there is no run ${names} in ${where}${hint}`, K6Exit.invalidConfig);
}

export async function deleteRuns(store: RunIndex, chosen: PurgedRuns): Promise<void> {
  if (chosen === 'all') return store.deleteAll();
  for (const id of chosen) await store.deleteRun(id);
}

/** Whether something may still write files of the run: its tasks run until the lease is over. */
async function isActive(run: StoredRun, now: number): Promise<boolean> {
  if (await run.hasResult()) return false;
  try {
    const control = await run.control();
    if (control !== null) return now < control.value.leaseUntil;
    const plan = await run.plan();
    return plan !== null && now < Date.parse(plan.createdAt) + LOCAL_TIMING.leaseMs;
  } catch {
    return false; // damaged or of another version: nothing of this version writes it
  }
}
