import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { ensureK6 } from '../cli/prepare/k6.ts';
import type { BenchContext } from './context.ts';
import { benchCpu } from './cpu.ts';
import { benchLaunching } from './launching.ts';
import { benchLeg } from './leg.ts';
import { benchMemory } from './memory.ts';
import { benchMerging } from './merging.ts';
import { benchPercentiles } from './percentiles.ts';
import { allEnded, endAll } from './processes.ts';
import { markdown, type Report, thisMachine } from './report.ts';
import { benchRequests } from './requests.ts';
import { benchResources } from './resources.ts';
import { benchVerdict } from './verdict.ts';

const BENCHMARKS: Record<string, (context: BenchContext) => Promise<Report>> = {
  cpu: benchCpu,
  memory: benchMemory,
  merging: benchMerging,
  verdict: benchVerdict,
  percentiles: benchPercentiles,
  launching: benchLaunching,
  leg: benchLeg,
  requests: benchRequests,
  resources: benchResources,
};

interface Flags {
  only?: string[];
  quick?: boolean;
  full?: boolean;
  json?: boolean;
}

const names = Object.keys(BENCHMARKS);
const program = new Command('npm run bench --')
  .description('measures k6-fleet beside plain k6; the tables go to standard output')
  .option('--only <name...>', `some of: ${names.join(', ')}`)
  .option('--quick', 'a smoke test: the numbers mean nothing')
  .option('--full', 'the memory benchmark with real requests too: takes minutes more')
  .option('--json', 'print JSON')
  .action(run);

async function run({ only = names, quick = false, full = false, json = false }: Flags): Promise<void> {
  const unknown = only.find((name) => !names.includes(name));
  if (unknown !== undefined) program.error(`there is no benchmark "${unknown}": use some of ${names.join(', ')}`);
  const k6 = await ensureK6();
  const reports: Report[] = [];
  for (const name of only) {
    const dir = await mkdtemp(join(tmpdir(), 'k6-fleet-bench-'));
    const log = (line: string) => process.stderr.write(`${name}: ${line}\n`);
    try {
      const bench = BENCHMARKS[name] as (typeof BENCHMARKS)[string];
      reports.push(await bench({ k6, dir, quick, full, log }));
    } finally {
      await allEnded();
      await rm(dir, { recursive: true, force: true });
    }
  }
  const machine = thisMachine();
  process.stdout.write(`${json ? JSON.stringify({ machine, reports }, null, 2) : markdown(reports, machine)}\n`);
}

let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    endAll(interrupted ? 'SIGKILL' : 'SIGTERM');
    if (interrupted) process.exit(130);
    interrupted = true;
  });
}
try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`${interrupted ? 'interrupted' : `bench: ${(error as Error).stack}`}\n`);
  process.exitCode = interrupted ? 130 : 1;
  endAll('SIGTERM');
}
