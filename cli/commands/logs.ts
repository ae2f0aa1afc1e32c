import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { K6Exit } from '../../core/contract/exit-codes.ts';
import { UserError } from '../../core/errors.ts';
import { activityCheck } from '../follow.ts';
import { RUN_ID, stackOption, storeOption, taskOption } from '../options.ts';
import { Runs, type RunsFlags, type StoredRun } from '../runs.ts';
import { attemptsOf, type LogLine, LogReader } from '../task-logs.ts';

/** A worker writes its log every few seconds. */
const POLL_MS = 1000;
const STACK_POLL_MS = 5000;

interface LogsFlags extends RunsFlags {
  task?: number;
  follow?: boolean;
}

export const logsCommand = () =>
  new Command('logs')
    .description("show the logs of a run's k6 processes, merged by time")
    .argument('<id>', RUN_ID)
    .addOption(taskOption())
    .option('-f, --follow', 'show new lines until the run ends')
    .addOption(storeOption())
    .addOption(stackOption())
    .action(async (id: string, flags: LogsFlags) => {
      const run = await (await Runs.open(flags)).get(id);
      const tasks = await tasksOf(run, flags.task);
      const reader = new LogReader(run);
      const shown = flags.follow === true ? await follow(run, reader, tasks) : await show(run, reader, tasks);
      if (shown > 0) return;
      const reason = (await run.hasResult()) ? 'its k6 printed nothing, or they were not copied' : 'try again later';
      process.stderr.write(
        `run ${id} has no logs${flags.task === undefined ? '' : ` of task ${flags.task}`}: ${reason}\n`,
      );
    });

/** @throws UserError (104) if there is no such task */
async function tasksOf(run: StoredRun, task: number | undefined): Promise<number[]> {
  const count = (await run.plan())?.tasks.length ?? 0;
  if (task === undefined) return Array.from({ length: count }, (_, index) => index);
  if (task < count) return [task];
  throw new UserError(
    `run ${run.id} has no task ${task}: ${count === 1 ? 'it has only task 0' : `its tasks are 0 to ${count - 1}`}`,
    K6Exit.invalidConfig,
  );
}

async function show(run: StoredRun, reader: LogReader, tasks: number[]): Promise<number> {
  return print(await reader.read(await attemptsOf(run, tasks), { all: true }), tasks);
}

/** @returns how many lines were shown @throws UserError if nothing coordinates the run any more */
async function follow(run: StoredRun, reader: LogReader, tasks: number[]): Promise<number> {
  const assertActive = await activityCheck(run);
  const pollMs = run.runs.stack === null ? POLL_MS : STACK_POLL_MS;
  let shown = 0;
  // The result first: what a task logs is in the store before the run has one.
  for (let hasEnded = await run.hasResult(); ; hasEnded = await run.hasResult()) {
    const lines = await reader.read(await attemptsOf(run, tasks), { all: hasEnded });
    shown += print(lines, tasks);
    if (hasEnded || process.stdout.destroyed) return shown;
    await assertActive(await run.progress());
    await sleep(pollMs);
  }
}

/** The name of the task is before each line if several tasks are shown, or a task was launched again. */
function print(lines: readonly LogLine[], tasks: readonly number[]): number {
  const prefix = ({ task, attempt }: LogLine) => {
    if (attempt > 0) return `task ${task} (attempt ${attempt + 1}) | `;
    return tasks.length > 1 ? `task ${task} | ` : '';
  };
  if (lines.length > 0) process.stdout.write(lines.map((line) => `${prefix(line)}${line.text}\n`).join(''));
  return lines.length;
}
