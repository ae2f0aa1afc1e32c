import { Command } from 'commander';
import { type FollowOptions, followRun } from '../follow.ts';
import {
  jsonOption,
  pastSummaryModeOption,
  quietOption,
  RUN_ID,
  stackOption,
  storeOption,
  summaryOption,
} from '../options.ts';
import { Runs, type RunsFlags } from '../runs.ts';

export const attachCommand = () =>
  new Command('attach')
    .description('watch a run until it ends, and exit with its exit code')
    .argument('<id>', RUN_ID)
    .addOption(jsonOption())
    .addOption(summaryOption())
    .addOption(quietOption())
    .addOption(pastSummaryModeOption())
    .addOption(storeOption())
    .addOption(stackOption())
    .action(async (id: string, flags: FollowOptions & RunsFlags) => {
      await followRun(await (await Runs.open(flags)).get(id), flags);
    });
