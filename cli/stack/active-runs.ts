import { decodeJson, encodeJson } from '../../core/contract/codec.ts';
import { FleetExit } from '../../core/contract/exit-codes.ts';
import { ACTIVE_RUNS_KEY } from '../../core/contract/keys.ts';
import { RunFiles } from '../../core/contract/run-files.ts';
import { ActiveRuns, type StackInfo } from '../../core/contract/stack.ts';
import { UserError } from '../../core/errors.ts';
import type { Store } from '../../core/ports.ts';
import { executionStatus } from './execution.ts';

/** How long a run that has claimed the target may take to start its execution, ms: it uploads its archive meanwhile. */
const STARTING_MS = 120_000;

/**
 * Claims the stack's target for a run: two concurrent spikes would each be measured with the other's load. The claim holds
 * until the run has a result or its execution has ended, so it need not be released. Claims are made by compare-and-swap:
 * of two runs that start at the same moment, one is refused.
 * @param options alongside: the user allows other runs at the same time
 * @throws UserError if another run has claimed it
 */
export async function claimTarget(
  store: Store,
  info: StackInfo,
  run: string,
  { alongside }: { alongside: boolean },
): Promise<void> {
  const claimed = await store.getVersioned(ACTIVE_RUNS_KEY);
  const others = claimed === null ? [] : decodeJson(ActiveRuns, claimed.body, ACTIVE_RUNS_KEY);
  const active = await onlyActive(store, info, others);
  const [first] = active;
  if (first !== undefined && !alongside) throw refused(`run ${first.run}`, info);
  const all: ActiveRuns = [...active, { run, at: new Date().toISOString() }];
  if ((await store.swap(ACTIVE_RUNS_KEY, encodeJson(all), claimed?.etag ?? null)) !== null) return;
  if (alongside) return claimTarget(store, info, run, { alongside });
  throw refused('another run that is starting', info);
}

/** The runs that have claimed the stack's target and are still active. */
export async function activeRuns(store: Store, info: StackInfo): Promise<ActiveRuns> {
  const body = await store.get(ACTIVE_RUNS_KEY);
  return body === null ? [] : onlyActive(store, info, decodeJson(ActiveRuns, body, ACTIVE_RUNS_KEY));
}

async function onlyActive(store: Store, info: StackInfo, runs: ActiveRuns): Promise<ActiveRuns> {
  const active = await Promise.all(runs.map((run) => isActive(store, info, run)));
  return runs.filter((_, index) => active[index]);
}

async function isActive(store: Store, info: StackInfo, { run, at }: ActiveRuns[number]): Promise<boolean> {
  // A run's load has ended when its result is written; its execution runs for some seconds more, until its tasks exit.
  if (await new RunFiles(store, run).hasResult()) return false;
  const status = await executionStatus(info, run);
  return status === 'RUNNING' || (status === null && Date.now() - Date.parse(at) < STARTING_MS);
}

const refused = (run: string, { stack }: StackInfo): UserError =>
  new UserError(
    `stack ${stack} is busy with ${run}: two loads on one target would be measured as one; wait for it, stop it with k6-fleet stop, or use --alongside`,
    FleetExit.notStarted,
  );
