#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { FleetExit, K6Exit } from '../core/contract/exit-codes.ts';
import { StoreError, UserError } from '../core/errors.ts';
import { attachCommand } from './commands/attach.ts';
import { demoCommand } from './commands/demo.ts';
import { doctorCommand } from './commands/doctor.ts';
import { logsCommand } from './commands/logs.ts';
import { planCommand } from './commands/plan.ts';
import { purgeCommand } from './commands/purge.ts';
import { resumeCommand } from './commands/resume.ts';
import { runCommand } from './commands/run.ts';
import { runsCommand } from './commands/runs.ts';
import { showCommand } from './commands/show.ts';
import { stopCommand } from './commands/stop.ts';
import { packageVersion } from './package-root.ts';

const program = new Command('k6-fleet')
  .description('Run one k6 script on many k6 processes as if they were one k6: one test, one result.')
  .version(packageVersion)
  .exitOverride()
  .configureOutput(errorWithHelp('k6-fleet'));
for (const command of [
  runCommand,
  planCommand,
  runsCommand,
  showCommand,
  attachCommand,
  logsCommand,
  stopCommand,
  purgeCommand,
  resumeCommand,
  doctorCommand,
  demoCommand,
]) {
  const added = command().exitOverride().copyInheritedSettings(program);
  program.addCommand(added.configureOutput(errorWithHelp(`k6-fleet ${added.name()}`)));
}

// Output may be piped into `head`, or the terminal closed. That must not end a run.
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

/** Prints commander's `error: …`, which may have a suggestion on a second line, as one line that names the help. */
function errorWithHelp(command: string) {
  return {
    outputError: (text: string, write: (text: string) => void) => {
      const message = text
        .replace(/^error: /, '')
        .trim()
        .replace(/\n/g, ' ')
        .replace(/\.$/, '');
      write(`k6-fleet: ${message}; see ${command} --help\n`);
    },
  };
}

function report(error: unknown): number {
  // Commander has printed its own message already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : K6Exit.invalidConfig;
  if (error instanceof UserError) {
    process.stderr.write(`k6-fleet: ${error.message}\n`);
    return error.exitCode;
  }
  // The message is for the user, who has no use for our stack trace.
  const text = error instanceof StoreError ? error.message : `internal error: ${(error as Error).stack ?? error}`;
  process.stderr.write(`k6-fleet: ${text}\n`);
  return FleetExit.internal;
}
