import { Command } from 'commander';
import { runLocally } from '../local/run.ts';
import {
  envOption,
  parseCount,
  parseDollars,
  parseSeconds,
  stackOption,
  storeOption,
  summaryModeOption,
  tasksOption,
} from '../options.ts';
import type { RunFlags } from '../run-flags.ts';

export const runCommand = () =>
  new Command('run')
    .description('run a script on several k6 processes, of this machine or on AWS, as one test')
    .argument('<script>', 'a k6 script, JavaScript or TypeScript')
    .addOption(tasksOption())
    .addOption(envOption())
    .option('--json <file>', 'write result.json there too')
    .option('--summary <file>', 'write summary.json there too: the data that k6 gives to handleSummary')
    .option(
      '--max-lost <n>',
      'how many tasks may be lost after the start before the run fails (default: 0)',
      parseCount,
    )
    .option('--name <name>', 'part of the run id; default: the name of the script')
    .option(
      '--observe <target>',
      'where to read how the target scales: demo:http://127.0.0.1:8080, or stack (the default with --stack where its configuration names a target); none: leave it out',
    )
    .option(
      '--ready-timeout <seconds>',
      'how long a task may take to get ready (default: 120, on AWS 300)',
      parseSeconds,
    )
    .option('-q, --quiet', 'no plan and no progress')
    .addOption(summaryModeOption())
    .addOption(storeOption())
    .addOption(stackOption())
    .option('--detach', 'on AWS: start the run and leave it to itself; see k6-fleet attach')
    .option('--max-cost <dollars>', 'on AWS: refuse a run that would cost more, in US dollars', parseDollars)
    .option('--alongside', 'on AWS: start it even while another run has the same stack and target')
    .action(async (script: string, flags: RunFlags) => {
      if (flags.stack === undefined) return runLocally(script, flags);
      const { runOnStack } = await import('../stack/run.ts');
      return runOnStack(script, { ...flags, stack: flags.stack });
    });
