import { Command } from 'commander';
import { Live } from '../live.ts';
import { LocalRun } from '../local-runs.ts';
import { storeOption, summaryModeOption } from '../options.ts';
import { printPastOutcome } from '../outputs.ts';
import type { SummaryMode } from '../render/summary-text.ts';
import { coloursOf } from '../terminal.ts';

interface ShowFlags {
  json?: boolean;
  summaryMode: SummaryMode;
  store: string;
}

export const showCommand = () =>
  new Command('show')
    .description('show where a run stands, or how it ended')
    .argument('<id>', 'a run id, as k6-fleet runs lists them')
    .option('--json', 'print result.json, or progress.json of a run that goes on')
    .addOption(summaryModeOption())
    .addOption(storeOption())
    .action(async (id: string, { json, summaryMode, store }: ShowFlags) => {
      const run = await LocalRun.open(store, id);
      const result = await run.result();
      const progress = await run.progress();
      if (json === true) {
        process.stdout.write(`${JSON.stringify(result ?? progress, null, 2)}\n`);
      } else if (result !== null) {
        await printPastOutcome(run, result, summaryMode);
      } else if (progress === null) {
        process.stdout.write(`run ${id} has not told anything yet; if nothing runs it: k6-fleet resume ${id}\n`);
      } else {
        // A stream without cursor control: one line.
        new Live({ write: (text) => process.stdout.write(text) }, coloursOf(process.stdout)).show(progress);
        const age = Math.round((Date.now() - progress.at) / 1000);
        if (age > 15) process.stdout.write(`no word for ${age} s; if nothing runs it: k6-fleet resume ${id}\n`);
      }
    });
