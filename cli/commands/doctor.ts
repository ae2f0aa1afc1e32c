import { statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { Command } from 'commander';
import { FleetExit } from '../../core/contract/exit-codes.ts';
import { listProcesses } from '../../fleets/process-table.ts';
import { stackOption, storeOption } from '../options.ts';
import { checkK6, k6Path } from '../prepare/k6.ts';
import { assertWritable } from '../runs.ts';

/** A run of some tasks for some hours writes less than this. */
const WANTED_BYTES = 1024 ** 3;

type Check = [name: string, check: () => Promise<string>];

export const doctorCommand = () =>
  new Command('doctor')
    .description('check that this machine can run a fleet, or a stack can')
    .addOption(storeOption())
    .addOption(stackOption('also check a CloudFormation stack of a fleet on AWS, and what its deployment needs'))
    .action(async ({ store, stack }: { store: string; stack?: string }) => {
      const checks: Check[] = [
        ['node', nodeVersion],
        ['k6', async () => `${await checkK6(k6Path())} with the fleet extension, at ${k6Path()}`],
        ['ports', loopbackPort],
        ['disk', () => disk(store)],
        ['ps', processes],
      ];
      for (const [name, check] of checks) {
        const [mark, text] = await check().then(
          (fine) => ['✓', fine],
          (error: Error) => {
            process.exitCode = FleetExit.internal;
            return ['✗', error.message];
          },
        );
        writeCheck(mark ?? '', name, text ?? '');
      }
      if (stack !== undefined) await checkStackToo(stack);
    });

const MARKS = { ok: '✓', warning: '!', failed: '✗', skipped: '–' } as const;
const NAME_WIDTH = 11;

const writeCheck = (mark: string, name: string, text: string) =>
  process.stdout.write(`${mark} ${name.padEnd(NAME_WIDTH)} ${text}\n`);

async function checkStackToo(stack: string): Promise<void> {
  const { checkStack } = await import('../stack/stack-checks.ts');
  for (const { name, state, text } of await checkStack({ stack })) {
    writeCheck(MARKS[state], name, text);
    if (state === 'failed') process.exitCode = FleetExit.internal;
  }
}

async function nodeVersion(): Promise<string> {
  if (Number(process.versions.node.split('.')[0]) < 20)
    throw new Error(`${process.version} is too old: use Node 20 or later`);
  return process.version;
}

function loopbackPort(): Promise<string> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => reject(new Error(`cannot listen on 127.0.0.1: ${error.message}`)));
    server.listen(0, '127.0.0.1', () => server.close(() => resolve('can listen on 127.0.0.1')));
  });
}

/** `resume` finds the tasks of a run with it. */
async function processes(): Promise<string> {
  if ((await listProcesses()) === null)
    throw new Error('ps is missing, and resume needs it: install it (on Debian: procps)');
  return 'lists processes';
}

async function disk(store: string): Promise<string> {
  await assertWritable(store);
  const { bavail, bsize } = await statfs(store);
  const free = bavail * bsize;
  const gigabytes = (free / 1024 ** 3).toFixed(1);
  if (free < WANTED_BYTES) throw new Error(`only ${gigabytes} GiB are free in ${store}: a run may need 1 GiB`);
  return `${gigabytes} GiB free in ${store}`;
}
