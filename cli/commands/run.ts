import { Command } from 'commander';
import { encodeJson } from '../../core/contract/codec.ts';
import { FleetExit } from '../../core/contract/exit-codes.ts';
import { runKeys } from '../../core/contract/keys.ts';
import { UserError } from '../../core/errors.ts';
import { DirStore } from '../../stores/dir.ts';
import { conduct } from '../conduct.ts';
import { LocalRun } from '../local-runs.ts';
import { envOption, parseCount, parseSeconds, storeOption, summaryModeOption, tasksOption } from '../options.ts';
import { printOutcome } from '../outputs.ts';
import { ensureK6 } from '../prepare/k6.ts';
import { type Prepared, prepare } from '../prepare/prepare.ts';
import { planText } from '../render/plan-text.ts';
import type { SummaryMode } from '../render/summary-text.ts';
import { coloursOf, widthOf } from '../terminal.ts';

export interface RunFlags {
  tasks?: number | 'auto';
  env: Record<string, string>;
  json?: string;
  summary?: string;
  maxLost?: number;
  name?: string;
  observe?: string;
  readyTimeout?: number;
  quiet?: boolean;
  summaryMode: SummaryMode;
  store: string;
}

export const runCommand = () =>
  new Command('run')
    .description('run a script on several k6 processes of this machine, as one test')
    .argument('<script>', 'a k6 script, JavaScript or TypeScript')
    .addOption(tasksOption())
    .addOption(envOption())
    .option('--json <file>', 'write result.json there too')
    .option('--summary <file>', 'write summary.json there too: the data that k6 gives to handleSummary')
    .option(
      '--max-lost <n>',
      'how many tasks may be lost after the start before the run fails (default: 0)',
      parseCount,
    )
    .option('--name <name>', 'part of the run id; default: the name of the script')
    .option(
      '--observe <target>',
      'where to read how the target scales, such as demo:http://127.0.0.1:8080; none: leave it out',
    )
    .option('--ready-timeout <seconds>', 'how long a task may take to get ready (default: 120)', parseSeconds)
    .option('-q, --quiet', 'no plan and no progress')
    .addOption(summaryModeOption())
    .addOption(storeOption())
    .action(runScript);

/** Runs a script from plan to verdict; the run's exit code becomes this process's. @throws UserError */
export async function runScript(script: string, flags: RunFlags): Promise<void> {
  const k6 = await ensureK6();
  const prepared = await prepare({
    script,
    k6,
    tasks: flags.tasks,
    name: flags.name,
    maxLost: flags.maxLost,
    observe: flags.observe,
    timing: flags.readyTimeout === undefined ? {} : { readyTimeoutMs: flags.readyTimeout },
    env: flags.env,
    strict: true,
  });
  const { plan } = prepared;
  if (flags.quiet !== true) {
    process.stderr.write(`${planText(plan, widthOf(process.stderr), coloursOf(process.stderr))}\n`);
  }
  const run = await writeRun(flags.store, prepared);
  const result = await conduct(run, plan, { k6, env: prepared.env, quiet: flags.quiet === true });
  await printOutcome(run, result, flags);
  await run.tidy();
  process.exitCode = result.verdict.exitCode || process.exitCode;
}

/** Writes what a run needs into the store. @throws UserError where the folder cannot be written. */
async function writeRun(storeDir: string, { plan, archive, summaryArchive }: Prepared): Promise<LocalRun> {
  const store = new DirStore(storeDir);
  const keys = runKeys(plan.id);
  try {
    await store.put(keys.archive, archive);
    if (summaryArchive !== null) await store.put(keys.summaryArchive, summaryArchive);
    if (!(await store.create(keys.plan, encodeJson(plan)))) throw new Error(`run ${plan.id} exists already`);
  } catch (error) {
    throw new UserError(
      `cannot write into ${storeDir}: ${(error as Error).message}; name another folder by --store`,
      FleetExit.internal,
    );
  }
  return LocalRun.open(storeDir, plan.id);
}
