import { encodeJson } from '../../core/contract/codec.ts';
import { FleetExit, K6Exit } from '../../core/contract/exit-codes.ts';
import { runKeys } from '../../core/contract/keys.ts';
import { UserError } from '../../core/errors.ts';
import { printOutcome } from '../outcome.ts';
import { localBackend, type Prepared } from '../prepare/prepare.ts';
import { prepareRun, type RunFlags, showPlan } from '../run-flags.ts';
import { Runs, type StoredRun } from '../runs.ts';
import { coordinate } from './coordinate.ts';

/** Runs a script on this machine, from plan to verdict; the run's exit code becomes this process's. @throws UserError */
export async function runLocally(script: string, flags: RunFlags): Promise<void> {
  refuseStackFlags(flags);
  const { k6, prepared } = await prepareRun(script, flags, localBackend);
  showPlan(prepared, flags);
  const run = await writeRun(flags.store, prepared);
  const result = await coordinate(run, prepared.plan, { k6, env: prepared.env, quiet: flags.quiet === true });
  await printOutcome(run, result, flags);
  await run.tidy();
  process.exitCode = result.verdict.exitCode || process.exitCode;
}

function refuseStackFlags({ detach, maxCost, alongside }: RunFlags): void {
  const given = { '--detach': detach, '--max-cost': maxCost, '--alongside': alongside };
  const first = Object.entries(given).find(([, value]) => value !== undefined)?.[0];
  if (first !== undefined) {
    throw new UserError(
      `${first} is for runs on AWS: name the stack by --stack, or leave it out`,
      K6Exit.invalidConfig,
    );
  }
}

/** Writes what a run needs into the store. @throws UserError where the folder cannot be written. */
async function writeRun(storeDir: string, { plan, archive, summaryArchive }: Prepared): Promise<StoredRun> {
  const runs = Runs.inFolder(storeDir);
  const keys = runKeys(plan.id);
  try {
    await runs.store.put(keys.archive, archive);
    if (summaryArchive !== null) await runs.store.put(keys.summaryArchive, summaryArchive);
    if (!(await runs.store.create(keys.plan, encodeJson(plan)))) throw new Error(`run ${plan.id} exists already`);
  } catch (error) {
    throw new UserError(
      `cannot write into ${storeDir}: ${(error as Error).message}; name another folder by --store`,
      FleetExit.internal,
    );
  }
  return runs.run(plan.id);
}
