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
    .description(
      'delete the results of a stack: of one run or of all runs, and the bucket of a stack that has been destroyed',
    )
    .argument('[id]', 'run id (default: all runs, and with --bucket the bucket itself)')
    .addOption(stackOption('CloudFormation stack of a fleet on AWS'))
    .option('--bucket <name>', 'bucket of a stack that has been destroyed')
    .option('--yes', 'do not ask')
    .action(async (id: string | undefined, flags: PurgeFlags, command: Command) => {
      if (flags.stack === undefined && flags.bucket === undefined) {
        throw new UserError(
          'say whose results to delete with --stack, or with --bucket if the stack has been destroyed',
          K6Exit.invalidConfig,
        );
      }
      const namesBoth = command.getOptionValueSource('stack') === 'cli' && flags.bucket !== undefined;
      if (namesBoth) throw new UserError('use either --stack or --bucket, not both', K6Exit.invalidConfig);
      const { loadStack } = await import('../stack/stack-info.ts');
      const { S3Store } = await import('../../stores/s3.ts');
      // The environment may name a stack too; the command line wins.
      const info = flags.bucket === undefined ? await loadStack(flags.stack ?? '') : null;
      const bucket = flags.bucket ?? info?.bucket ?? '';
      const what = id === undefined ? `all runs in s3://${bucket}` : `run ${id} in s3://${bucket}`;
      if (flags.yes !== true) await confirm(what);
      const store = new S3Store(bucket);
      if (info !== null) await refuseActive(store, info, id);
      if (id === undefined) await store.deleteAll();
      else await store.deleteRun(id);
      // A stack that still exists needs its bucket.
      if (id === undefined && flags.bucket !== undefined) await store.deleteBucket();
      process.stderr.write(`deleted ${what}\n`);
    });

/** @throws UserError if a run whose results are to be deleted is still active */
async function refuseActive(store: Store, info: StackInfo, id: string | undefined): Promise<void> {
  const { activeRuns } = await import('../stack/active-runs.ts');
  const active = (await activeRuns(store, info)).find(({ run }) => id === undefined || run === id);
  if (active === undefined) return;
  throw new UserError(
    `run ${active.run} is still active: stop it first with k6-fleet stop ${active.run} --stack ${info.stack}`,
    K6Exit.invalidConfig,
  );
}

async function confirm(what: string): Promise<void> {
  if (!process.stdin.isTTY)
    throw new UserError(
      `cannot ask for confirmation without a terminal: to delete ${what}, add --yes`,
      K6Exit.invalidConfig,
    );
  const question = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await question.question(`Delete ${what}? This cannot be undone. (yes/no) `);
  question.close();
  if (answer.trim() !== 'yes') throw new UserError('nothing was deleted', K6Exit.invalidConfig);
}
