import { Command } from 'commander';
import { K6Exit } from '../../core/contract/exit-codes.ts';
import type { SummaryMode } from '../../core/contract/plan.ts';
import { UserError } from '../../core/errors.ts';
import { coordinate } from '../local/coordinator.ts';
import {
  envOption,
  jsonOption,
  pastSummaryModeOption,
  quietOption,
  RUN_ID,
  storeOption,
  summaryOption,
} from '../options.ts';
import { printOutcome } from '../outcome.ts';
import { checkK6, ensureK6 } from '../prepare/k6.ts';
import { Runs } from '../runs.ts';

interface ResumeFlags {
  env: Record<string, string>;
  json?: string;
  summary?: string;
  quiet?: boolean;
  summaryMode?: SummaryMode;
  store: string;
}

export const resumeCommand = () =>
  new Command('resume')
    .description('continue a run whose coordinator has died, from its last checkpoint')
    .argument('<id>', RUN_ID)
    .addOption(envOption('as for run; seen only by tasks that start from now on'))
    .addOption(jsonOption())
    .addOption(summaryOption())
    .addOption(quietOption())
    .addOption(pastSummaryModeOption())
    .addOption(storeOption())
    .action(async (id: string, flags: ResumeFlags) => {
      const k6 = await ensureK6();
      await checkK6(k6);
      const run = await Runs.inFolder(flags.store).get(id);
      const plan = await run.plan();
      if (plan === null) throw new UserError(`run ${id} has no plan: start it again`, K6Exit.invalidConfig);
      const env = { ...process.env, ...flags.env };
      const missing = plan.envNames.filter((name) => env[name] === undefined);
      if (missing.length > 0) {
        process.stderr.write(
          `tasks that start from now on do not see ${missing.join(', ')}: pass them again with -e\n`,
        );
      }
      // A coordinator may die between writing the result and printing the outcome.
      const result = (await run.result()) ?? (await coordinate(run, plan, { k6, env, quiet: flags.quiet === true }));
      await printOutcome(run, result, flags);
      await run.tidy();
      process.exitCode = result.verdict.exitCode || process.exitCode;
    });
