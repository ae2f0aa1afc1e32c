import { join } from 'node:path';
import { runPrefix } from '../../core/contract/keys.ts';
import type { Plan } from '../../core/contract/plan.ts';
import { listProcesses, type ProcessRow } from '../../fleets/process-table.ts';
import type { Runs } from '../runs.ts';

/** Only the latest runs of a folder are looked at: an active one is among them. */
const LATEST = 50;
/** How long after its plan a run may have no worker yet, ms. */
const STARTING_MS = 10_000;

/**
 * One line for each other active run of the folder that may load the same target: its workers are alive, or it is about
 * to start. Of two runs that start at the same moment at least one sees the other, provided that each has written its
 * plan before. A run whose observed target is another one is left out.
 * @param runs of a folder
 */
export async function activeRunWarnings(runs: Runs, { id, target }: Plan, now = Date.now()): Promise<string[]> {
  const [known, processes] = await Promise.all([runs.store.listRuns(), listProcesses()]);
  const others = known.slice(-LATEST).filter((other) => other !== id);
  const active = await Promise.all(others.map((other) => isActive(runs, other, { processes, target, now })));
  return others
    .filter((_, index) => active[index])
    .map(
      (other) =>
        `run ${other} is active on this machine: if both load the same target, their loads add up and neither verdict holds for its own load; wait for it, or end it with k6-fleet stop ${other}${runs.flag}`,
    );
}

interface Surroundings {
  /** Null: they cannot be listed. */
  processes: ProcessRow[] | null;
  target: Plan['target'];
  now: number;
}

async function isActive(runs: Runs, id: string, { processes, target, now }: Surroundings): Promise<boolean> {
  const run = runs.run(id);
  if (await run.hasResult()) return false;
  // A plan of another version says nothing.
  const plan = await run.plan().catch(() => null);
  if (plan === null) return false;
  const [observed, others] = [target?.observe ?? null, plan.target?.observe ?? null];
  if (observed !== null && others !== null && observed !== others) return false;
  // Workers have their folder on the command line.
  const folder = join(runs.where, runPrefix(id), 'tasks');
  const hasWorker = processes?.some(({ zombie, command }) => !zombie && command.includes(folder)) ?? false;
  return hasWorker || now - Date.parse(plan.createdAt) < STARTING_MS;
}
