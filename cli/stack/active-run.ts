import { decodeJson, encodeJson } from '../../core/contract/codec.ts';
import { FleetExit } from '../../core/contract/exit-codes.ts';
import { ACTIVE_RUN_KEY, runKeys } from '../../core/contract/keys.ts';
import { ActiveRun } from '../../core/contract/run.ts';
import type { StackInfo } from '../../core/contract/stack.ts';
import { UserError } from '../../core/errors.ts';
import type { Store } from '../../core/ports.ts';
import { executionStatus } from './execution.ts';

/** How long a run that has claimed the target may take until its execution is there: its archive is uploaded meanwhile, ms. */
const STARTING_MS = 120_000;

/**
 * Claims the stack's target for a run: two spikes at once would each be measured with the other's load. The claim holds
 * until the run's result is there or its execution has ended, so nobody needs to give it back.
 * @throws UserError where another run has it
 */
export async function claimTarget(store: Store, info: StackInfo, run: string): Promise<void> {
  const claimed = await store.getVersioned(ACTIVE_RUN_KEY);
  if (claimed !== null) {
    const other = decodeJson(ActiveRun, claimed.body, ACTIVE_RUN_KEY);
    if (await goesOn(store, info, other)) throw refused(other.run, info);
  }
  const mine = await store.swap(
    ACTIVE_RUN_KEY,
    encodeJson({ run, at: new Date().toISOString() } satisfies ActiveRun),
    claimed?.etag ?? null,
  );
  if (mine === null) throw refused('another one that starts at this moment', info);
}

async function goesOn(store: Store, info: StackInfo, { run, at }: ActiveRun): Promise<boolean> {
  // Its execution outlasts its result by some seconds, in which its tasks leave; its load has ended.
  if ((await store.get(runKeys(run).result)) !== null) return false;
  const status = await executionStatus(info, run);
  return status === 'RUNNING' || (status === null && Date.now() - Date.parse(at) < STARTING_MS);
}

const refused = (run: string, { stack }: StackInfo): UserError =>
  new UserError(
    `stack ${stack} is busy with run ${run}: two loads on one target would be measured as one; wait for it, end it by k6-fleet stop, or use --alongside`,
    FleetExit.notStarted,
  );
