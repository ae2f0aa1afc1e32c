import { Command } from 'commander';
import { K6Exit } from '../../core/contract/exit-codes.ts';
import { UserError } from '../../core/errors.ts';
import { RUN_ID, stackOption, storeOption } from '../options.ts';
import { stopNotice } from '../render/stop-text.ts';
import { Runs, type RunsFlags } from '../runs.ts';

export const stopCommand = () =>
  new Command('stop')
    .description('stop a run gracefully, with teardown and summary')
    .argument('<id>', RUN_ID)
    .option('--now', 'on AWS: stop at once, without teardown and summary; keeps what was measured')
    .addOption(storeOption())
    .addOption(stackOption())
    .action(async (id: string, flags: RunsFlags & { now?: boolean }) => {
      const run = await (await Runs.open(flags)).get(id);
      if ((await run.result()) !== null) throw new UserError(`run ${id} has ended already`, K6Exit.invalidConfig);
      const { stack } = run.runs;
      if (flags.now === true) {
        if (stack === null) {
          throw new UserError(
            '--now is for runs on AWS; to stop a local run at once, press Ctrl-C twice in its terminal',
            K6Exit.invalidConfig,
          );
        }
        const { abortExecution } = await import('../stack/execution.ts');
        await abortExecution(stack, id);
        process.stderr.write(`aborted run ${id}; its tasks are stopping\n`);
        return;
      }
      const [first, progress] = [await run.requestStop('k6-fleet stop'), await run.progress()];
      const notice = first ? stopNotice(progress?.phase ?? null) : 'a stop has been requested already';
      process.stderr.write(`run ${id}: ${notice}\n`);
    });
