#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { FleetExit, K6Exit } from '../core/contract/exit-codes.ts';
import { StoreError, UserError } from '../core/errors.ts';
import { attachCommand } from './commands/attach.ts';
import { demoCommand } from './commands/demo.ts';
import { doctorCommand } from './commands/doctor.ts';
import { planCommand } from './commands/plan.ts';
import { purgeCommand } from './commands/purge.ts';
import { resumeCommand } from './commands/resume.ts';
import { runCommand } from './commands/run.ts';
import { runsCommand } from './commands/runs.ts';
import { showCommand } from './commands/show.ts';
import { stopCommand } from './commands/stop.ts';
import { packageVersion } from './package-root.ts';

const program = new Command('k6-fleet')
  .description('Run one k6 script on many k6 processes, as one test with one answer.')
  .version(packageVersion)
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(`k6-fleet: ${oneLine(text)}; see k6-fleet --help\n`) });
for (const command of [
  runCommand,
  planCommand,
  runsCommand,
  showCommand,
  attachCommand,
  stopCommand,
  purgeCommand,
  resumeCommand,
  doctorCommand,
  demoCommand,
]) {
  program.addCommand(command().exitOverride().copyInheritedSettings(program));
}

// What we print may be piped into `head`, or the terminal be closed: that is no error of ours, and must not end a run.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
  });
}

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

/** Commander's `error: …`, which may go on with a suggestion on a second line. */
function oneLine(text: string): string {
  return text
    .replace(/^error: /, '')
    .trim()
    .replace(/\n/g, ' ')
    .replace(/\.$/, '');
}

function report(error: unknown): number {
  // Commander has printed its own message already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : K6Exit.invalidConfig;
  if (error instanceof UserError) {
    process.stderr.write(`k6-fleet: ${error.message}\n`);
    return error.exitCode;
  }
  // What the message says is for the user: no stack of ours helps.
  const text = error instanceof StoreError ? error.message : `internal error: ${(error as Error).stack ?? error}`;
  process.stderr.write(`k6-fleet: ${text}\n`);
  return FleetExit.internal;
}
