import { Command } from 'commander';
import type { SummaryMode } from '../../core/contract/plan.ts';
import { pastSummaryModeOption, RUN_ID, stackOption, storeOption } from '../options.ts';
import { printPastOutcome } from '../outcome.ts';
import { Runs, type RunsFlags, type StoredRun } from '../runs.ts';
import { coloursOf, LiveProgress } from '../terminal.ts';

interface ShowFlags extends RunsFlags {
  json?: boolean;
  summaryMode?: SummaryMode;
}

/** A coordinator reports progress every second; on AWS the start of a new leg takes some more. */
const SILENT_S = 15;

export const showCommand = () =>
  new Command('show')
    .description('show the progress of a run, or its outcome')
    .argument('<id>', RUN_ID)
    .option('--json', 'print result.json, or progress.json if the run has not ended')
    .addOption(pastSummaryModeOption())
    .addOption(storeOption())
    .addOption(stackOption())
    .action(async (id: string, { json, summaryMode, ...where }: ShowFlags) => {
      const run = await (await Runs.open(where)).get(id);
      const result = await run.result();
      const progress = await run.progress();
      if (json === true) {
        process.stdout.write(`${JSON.stringify(result ?? progress, null, 2)}\n`);
      } else if (result !== null) {
        await printPastOutcome(run, result, summaryMode);
      } else if (progress === null) {
        process.stdout.write(`run ${id} has not reported any progress yet; ${await advice(run)}\n`);
      } else {
        // On a stream without cursor control it is one line.
        new LiveProgress({ write: (text) => process.stdout.write(text) }, coloursOf(process.stdout)).show(progress);
        const age = Math.round((Date.now() - progress.at) / 1000);
        if (age > SILENT_S) process.stdout.write(`no progress for ${age} s; ${await advice(run)}\n`);
      }
    });

/** What to do about a run that reports no progress. */
async function advice({ id, runs }: StoredRun): Promise<string> {
  if (runs.stack === null) return `if its coordinator has died, finish the run with: k6-fleet resume ${id}${runs.flag}`;
  const { executionText } = await import('../stack/execution.ts');
  return executionText(runs.stack, id);
}
