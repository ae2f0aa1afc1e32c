import { Command } from 'commander';
import { encodeJson } from '../../core/contract/codec.ts';
import { K6Exit } from '../../core/contract/exit-codes.ts';
import { UserError } from '../../core/errors.ts';
import { LocalRun } from '../local-runs.ts';
import { storeOption } from '../options.ts';

export const stopCommand = () =>
  new Command('stop')
    .description('ask a run to stop: gracefully, with teardown and summary')
    .argument('<id>', 'a run id, as k6-fleet runs lists them')
    .addOption(storeOption())
    .action(async (id: string, { store }: { store: string }) => {
      const run = await LocalRun.open(store, id);
      if ((await run.result()) !== null) throw new UserError(`run ${id} has ended already`, K6Exit.invalidConfig);
      const message = 'test run was aborted by k6-fleet stop';
      const first = await run.store.create(run.keys.stop, encodeJson({ at: new Date().toISOString(), message }));
      process.stderr.write(first ? `asked run ${id} to stop\n` : `run ${id} has been asked to stop already\n`);
    });
