/** What a real k6 measures: the lines that its fleet output writes. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../cli/package-root.ts';
import { K6_SETTINGS } from '../core/contract/env.ts';
import type { CellLine } from '../core/contract/window.ts';
import { cpuOf } from './processes.ts';

export interface Recording {
  /** A line each second, of cells of one second: what a worker gets. */
  fine: CellLine[];
  /** The same, a line each `COARSE_SECONDS` of one cell of as much. */
  coarse: CellLine[];
}

export const COARSE_SECONDS = 10;

/** Runs one of bench/scripts. @param vars of the script's environment */
export async function recordCells(
  k6: string,
  dir: string,
  script: string,
  vars: Record<string, string | number>,
): Promise<Recording> {
  const [fine, coarse] = [join(dir, 'fine.ndjson'), join(dir, 'coarse.ndjson')];
  const outs = [
    `--out=fleet=path=${fine}`,
    `--out=fleet=path=${coarse},cell=${COARSE_SECONDS}s,flush=${COARSE_SECONDS}s`,
  ];
  const flags = Object.entries(vars).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  const file = join(packageRoot, 'bench', 'scripts', script);
  await cpuOf(k6, ['run', '--quiet', '--no-thresholds', '--summary-mode=disabled', ...outs, ...flags, file], {
    env: { ...process.env, ...K6_SETTINGS },
  });
  return { fine: await linesOf(fine), coarse: await linesOf(coarse) };
}

async function linesOf(file: string): Promise<CellLine[]> {
  const text = await readFile(file, 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as CellLine);
}
