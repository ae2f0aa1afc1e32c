import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import { K6Exit } from '../../core/contract/exit-codes.ts';
import { UserError } from '../../core/errors.ts';
import { stackOption, storeOption } from '../options.ts';
import { localPurge, type PurgeTarget } from '../purge.ts';

interface PurgeFlags {
  store: string;
  stack?: string;
  bucket?: string;
  all?: boolean;
  yes?: boolean;
}

export const purgeCommand = () =>
  new Command('purge')
    .description('delete runs of this machine or of a stack, and the bucket of a stack that has been destroyed')
    .argument('[ids...]', 'run ids (default: none on this machine, all runs of a stack or bucket)')
    .addOption(storeOption())
    .addOption(stackOption('CloudFormation stack of a fleet on AWS; without it, runs of this machine are deleted'))
    .option('--bucket <name>', 'bucket of a stack that has been destroyed; without ids the bucket is deleted too')
    .option('--all', 'all runs')
    .option('--yes', 'do not ask')
    .action(async (ids: string[], flags: PurgeFlags, command: Command) => {
      if (flags.all === true && ids.length > 0) throw refused('use either run ids or --all, not both');
      const target = await targetOf(flags, command);
      if (ids.length === 0 && flags.all !== true && target.needsAll) {
        throw refused(`name the runs to delete, or use --all for all runs in ${target.where}; see k6-fleet runs`);
      }
      const chosen = ids.length === 0 ? 'all' : [...new Set(ids)];
      await target.assertDeletable(chosen);
      const what = describe(target, chosen);
      if (flags.yes !== true) await confirm(what);
      await target.delete(chosen);
      process.stderr.write(`deleted ${what}\n`);
    });

const refused = (message: string) => new UserError(message, K6Exit.invalidConfig);

/** What to delete, the same words before and after. */
function describe({ where, bucketGoes }: PurgeTarget, chosen: string[] | 'all'): string {
  if (chosen !== 'all') return `run${chosen.length === 1 ? '' : 's'} ${chosen.join(', ')} in ${where}`;
  return bucketGoes ? `all runs in ${where}, and the bucket itself` : `all runs in ${where}`;
}

async function targetOf({ store, stack, bucket }: PurgeFlags, command: Command): Promise<PurgeTarget> {
  const isGiven = (option: string) => command.getOptionValueSource(option) === 'cli';
  const given = ['stack', 'bucket', 'store'].filter(isGiven).map((option) => `--${option}`);
  if (given.length > 1) throw refused(`use only one of ${given.join(' and ')}`);
  // The environment may name a stack; the command line wins.
  if (bucket !== undefined) return (await import('../stack/purge.ts')).bucketPurge(bucket);
  if (stack !== undefined && !isGiven('store')) return (await import('../stack/purge.ts')).stackPurge(stack);
  return localPurge(store);
}

async function confirm(what: string): Promise<void> {
  if (!process.stdin.isTTY)
    throw refused(`cannot ask for confirmation without a terminal: to delete ${what}, add --yes`);
  const question = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await question.question(`Delete ${what}? This cannot be undone. (yes/no) `);
  question.close();
  if (answer.trim() !== 'yes') throw refused('nothing was deleted');
}
