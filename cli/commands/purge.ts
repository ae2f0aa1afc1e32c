import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import { K6Exit } from '../../core/contract/exit-codes.ts';
import type { StackInfo } from '../../core/contract/stack.ts';
import { UserError } from '../../core/errors.ts';
import type { Store } from '../../core/ports.ts';
import { stackOption } from '../options.ts';

interface PurgeFlags {
  stack?: string;
  bucket?: string;
  yes?: boolean;
}

export const purgeCommand = () =>
  new Command('purge')
    .description('delete the results that a stack has left: of one run, or all of them and their bucket')
    .argument('[id]', 'a run id; without it: all runs, and the bucket where the stack is gone')
    .addOption(stackOption())
    .option('--bucket <name>', 'the bucket of a stack that has been destroyed')
    .option('--yes', 'do not ask')
    .action(async (id: string | undefined, flags: PurgeFlags, command: Command) => {
      if (flags.stack === undefined && flags.bucket === undefined) {
        throw new UserError(
          'name the results to delete by --stack, or by --bucket where the stack has been destroyed',
          K6Exit.invalidConfig,
        );
      }
      const namesBoth = command.getOptionValueSource('stack') === 'cli' && flags.bucket !== undefined;
      if (namesBoth) throw new UserError('name either --stack or --bucket, not both', K6Exit.invalidConfig);
      const { loadStack } = await import('../stack/stack-info.ts');
      const { S3Store } = await import('../../stores/s3.ts');
      // The environment may name a stack too: what the command line says wins.
      const info = flags.bucket === undefined ? await loadStack(flags.stack ?? '') : null;
      const bucket = flags.bucket ?? info?.bucket ?? '';
      const what = id === undefined ? `all runs in s3://${bucket}` : `run ${id} in s3://${bucket}`;
      if (flags.yes !== true) await confirm(what);
      const store = new S3Store(bucket);
      if (info !== null) await refuseActive(store, info, id);
      if (id === undefined) await store.deleteAll();
      else await store.deleteRun(id);
      // A stack that still stands needs its bucket.
      if (id === undefined && flags.bucket !== undefined) await store.deleteBucket();
      process.stderr.write(`deleted ${what}\n`);
    });

/** @throws UserError where what is to be deleted is of a run that goes on */
async function refuseActive(store: Store, info: StackInfo, id: string | undefined): Promise<void> {
  const { activeRuns } = await import('../stack/active-runs.ts');
  const active = (await activeRuns(store, info)).find(({ run }) => id === undefined || run === id);
  if (active === undefined) return;
  throw new UserError(`run ${active.run} goes on: end it first by k6-fleet stop ${active.run}`, K6Exit.invalidConfig);
}

async function confirm(what: string): Promise<void> {
  if (!process.stdin.isTTY)
    throw new UserError(`to delete ${what} without a question, add --yes`, K6Exit.invalidConfig);
  const question = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await question.question(`Delete ${what}? There is no way back. (yes/no) `);
  question.close();
  if (answer.trim() !== 'yes') throw new UserError('nothing was deleted', K6Exit.invalidConfig);
}
