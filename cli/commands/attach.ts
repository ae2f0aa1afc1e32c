import { Command } from 'commander';
import { stackOption, storeOption, summaryModeOption } from '../options.ts';
import type { SummaryMode } from '../render/summary-text.ts';
import { Runs, type WhereFlags } from '../runs.ts';

interface AttachFlags extends WhereFlags {
  json?: string;
  summary?: string;
  quiet?: boolean;
  summaryMode: SummaryMode;
}

export const attachCommand = () =>
  new Command('attach')
    .description("watch a run that goes on elsewhere, to its end; its exit code becomes this command's")
    .argument('<id>', 'a run id, as k6-fleet runs lists them')
    .option('--json <file>', 'write result.json there too')
    .option('--summary <file>', 'write summary.json there too')
    .option('-q, --quiet', 'no progress')
    .addOption(summaryModeOption())
    .addOption(storeOption())
    .addOption(stackOption())
    .action(async (id: string, flags: AttachFlags) => {
      const { finish } = await import('../stack/run.ts');
      await finish(await (await Runs.open(flags)).get(id), flags);
    });
