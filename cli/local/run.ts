import { FleetExit, K6Exit } from '../../core/contract/exit-codes.ts';
import { UserError } from '../../core/errors.ts';
import { assertAppendable } from '../console-output.ts';
import type { RunFlags } from '../options.ts';
import { printOutcome } from '../outcome.ts';
import { localBackend } from '../prepare/backend.ts';
import { type PreparedRun, prepareRun } from '../prepare/prepared-run.ts';
import { planText } from '../render/plan-text.ts';
import { assertWritable, Runs, type StoredRun } from '../runs.ts';
import { coloursOf, widthOf } from '../terminal.ts';
import { activeRunWarnings } from './active-runs.ts';
import { coordinate } from './coordinator.ts';

/** Runs a script on this machine, from plan to verdict; the run's exit code becomes this process's. @throws UserError */
export async function runLocally(script: string, flags: RunFlags): Promise<void> {
  refuseStackFlags(flags);
  await assertWritable(flags.store);
  await assertAppendable(flags.consoleOutput);
  const prepared = await prepareRun(script, flags, localBackend);
  const { plan, k6, env } = prepared;
  const quiet = flags.quiet === true;
  if (!quiet) {
    const options = { width: widthOf(process.stderr), colours: coloursOf(process.stderr), withId: true };
    process.stderr.write(`${planText(plan, options)}\n`);
  }
  const run = await writeRun(flags.store, prepared);
  for (const warning of await activeRunWarnings(run.runs, plan)) process.stderr.write(`k6-fleet: ${warning}\n`);
  const result = await coordinate(run, plan, { k6, env, quiet });
  await printOutcome(run, result, flags);
  await run.tidy();
  process.exitCode = result.verdict.exitCode || process.exitCode;
}

function refuseStackFlags({ detach, maxCost, alongside }: RunFlags): void {
  const given = { '--detach': detach, '--max-cost': maxCost, '--alongside': alongside };
  const first = Object.entries(given).find(([, value]) => value !== undefined)?.[0];
  if (first !== undefined) {
    throw new UserError(`${first} is for runs on AWS: add --stack NAME, or remove ${first}`, K6Exit.invalidConfig);
  }
}

/** Writes the files that a run needs. @throws UserError if the folder cannot be written */
async function writeRun(storeDir: string, { plan, archive, summaryArchive }: PreparedRun): Promise<StoredRun> {
  const run = Runs.inFolder(storeDir).run(plan.id);
  try {
    if (!(await run.createArchive(archive))) {
      throw new UserError(`a run ${plan.id} exists already in ${storeDir}: start it again`, FleetExit.internal);
    }
    if (summaryArchive !== null) await run.putSummaryArchive(summaryArchive);
    await run.putPlan(plan);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      `cannot write to ${storeDir}: ${(error as Error).message}; choose another folder with --store`,
      FleetExit.internal,
    );
  }
  return run;
}
