import { Command } from 'commander';
import { Live } from '../live.ts';
import { stackOption, storeOption, summaryModeOption } from '../options.ts';
import { printPastOutcome } from '../outcome.ts';
import type { SummaryMode } from '../render/summary-text.ts';
import { Runs, type StoredRun, type WhereFlags } from '../runs.ts';
import { coloursOf } from '../terminal.ts';

interface ShowFlags extends WhereFlags {
  json?: boolean;
  summaryMode: SummaryMode;
}

/** A coordinator that goes on tells something every second; a new leg on AWS may take some. */
const SILENT_S = 15;

export const showCommand = () =>
  new Command('show')
    .description('show where a run stands, or how it ended')
    .argument('<id>', 'a run id, as k6-fleet runs lists them')
    .option('--json', 'print result.json, or progress.json of a run that goes on')
    .addOption(summaryModeOption())
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
        process.stdout.write(`run ${id} has not told anything yet; ${await advice(run)}\n`);
      } else {
        // A stream without cursor control: one line.
        new Live({ write: (text) => process.stdout.write(text) }, coloursOf(process.stdout)).show(progress);
        const age = Math.round((Date.now() - progress.at) / 1000);
        if (age > SILENT_S) process.stdout.write(`no word for ${age} s; ${await advice(run)}\n`);
      }
    });

/** What to do about a run that says nothing. */
async function advice({ id, runs }: StoredRun): Promise<string> {
  if (runs.stack === null) return `if nothing runs it: k6-fleet resume ${id}`;
  const { executionText } = await import('../stack/execution.ts');
  return executionText(runs.stack, id);
}
