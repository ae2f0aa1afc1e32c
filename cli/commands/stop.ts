import { Command } from 'commander';
import { K6Exit } from '../../core/contract/exit-codes.ts';
import { UserError } from '../../core/errors.ts';
import { stackOption, storeOption } from '../options.ts';
import { Runs, type WhereFlags } from '../runs.ts';

export const stopCommand = () =>
  new Command('stop')
    .description('ask a run to stop: gracefully, with teardown and summary')
    .argument('<id>', 'a run id, as k6-fleet runs lists them')
    .option('--now', 'on AWS: end it at once, without teardown and summary; what was measured stays')
    .addOption(storeOption())
    .addOption(stackOption())
    .action(async (id: string, flags: WhereFlags & { now?: boolean }) => {
      const run = await (await Runs.open(flags)).get(id);
      if ((await run.result()) !== null) throw new UserError(`run ${id} has ended already`, K6Exit.invalidConfig);
      const { stack } = run.runs;
      if (flags.now === true) {
        if (stack === null) {
          throw new UserError('--now is for runs on AWS; here, press Ctrl-C twice in the run', K6Exit.invalidConfig);
        }
        const { abortExecution } = await import('../stack/execution.ts');
        await abortExecution(stack, id);
        process.stderr.write(`ended run ${id}: its tasks stop now\n`);
        return;
      }
      const first = await run.askToStop('test run was aborted by k6-fleet stop');
      process.stderr.write(first ? `asked run ${id} to stop\n` : `run ${id} has been asked to stop already\n`);
    });
