import { Command } from 'commander';
import { runLocally } from '../local/run.ts';
import {
  consoleOutputOption,
  envOption,
  jsonOption,
  maxCostOption,
  maxLostOption,
  quietOption,
  type RunFlags,
  readyTimeoutOption,
  stackOption,
  storeOption,
  summaryModeOption,
  summaryOption,
  tasksOption,
} from '../options.ts';

export const runCommand = () =>
  new Command('run')
    .description('run a script as one test on several k6 processes, on this machine or on AWS')
    .argument('<script>', 'k6 script, JavaScript or TypeScript')
    .addOption(tasksOption())
    .addOption(envOption())
    .addOption(jsonOption())
    .addOption(summaryOption())
    .addOption(consoleOutputOption())
    .addOption(maxLostOption())
    .option('--name <name>', 'part of the run id (default: the name of the script)')
    .option(
      '--observe <target>',
      'where to read how the target scales: demo:http://127.0.0.1:8080, or stack (the default with --stack, if the stack has a target); none: do not judge its scaling',
    )
    .addOption(readyTimeoutOption())
    .addOption(quietOption('show no plan and no progress'))
    .addOption(summaryModeOption())
    .addOption(storeOption())
    .addOption(stackOption())
    .option('--detach', 'on AWS: start the run and exit; watch it with k6-fleet attach')
    .addOption(maxCostOption())
    .option('--alongside', 'on AWS: start even if another run loads the same target of the stack')
    .action(async (script: string, flags: RunFlags) => {
      if (flags.stack === undefined) return runLocally(script, flags);
      const { runOnStack } = await import('../stack/run.ts');
      return runOnStack(script, { ...flags, stack: flags.stack });
    });
