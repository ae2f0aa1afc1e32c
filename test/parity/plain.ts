import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { plainK6, type Ended } from '../support/fleet.ts';

export type MetricKind = 'counter' | 'gauge' | 'rate' | 'trend';

/** A metric as `--summary-export` writes it. `value` of a rate is its rate; a threshold is true where it was crossed. */
interface ExportedMetric {
  thresholds?: Record<string, boolean>;
  [stat: string]: number | null | Record<string, boolean> | undefined;
}

export interface ExportedGroup {
  path: string;
  groups: Record<string, ExportedGroup>;
  checks: Record<string, { name: string; passes: number; fails: number }>;
}

export interface PlainTruth {
  ended: Ended;
  /** Null: k6 did not come to a summary. */
  summary: { root_group: ExportedGroup; metrics: Record<string, ExportedMetric> } | null;
  /** Of every metric with samples: what k6's JSON output declares, and how many samples there are. */
  declared: Map<string, { type: MetricKind; contains: string; samples: number }>;
}

const EXPORT = 'k6-summary.json';
const OUTPUT = 'k6-samples.json';

/** Runs a script by plain k6, unchanged, in a folder of its own, where it may write files. */
export async function runPlain(script: string, dir: string, env: Record<string, string>): Promise<PlainTruth> {
  await mkdir(dir, { recursive: true });
  const flags = Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  const outputs = [`--summary-export=${EXPORT}`, `--out=json=${OUTPUT}`];
  const ended = await plainK6(['run', '-q', '--no-color', ...outputs, ...flags, script], { cwd: dir });
  const exported = await readFile(join(dir, EXPORT), 'utf8').catch(() => null);
  const samples = await readFile(join(dir, OUTPUT), 'utf8').catch(() => '');
  return { ended, summary: exported === null ? null : JSON.parse(exported), declared: readSamples(samples) };
}

/** https://grafana.com/docs/k6/latest/results-output/real-time/json/ */
function readSamples(text: string): PlainTruth['declared'] {
  const declared: PlainTruth['declared'] = new Map();
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const { type, metric, data } = JSON.parse(line);
    if (type === 'Metric') declared.set(metric, { type: data.type, contains: data.contains, samples: 0 });
    else if (declared.has(metric)) (declared.get(metric) as { samples: number }).samples += 1;
  }
  return declared;
}

/** The files that a script has written into a folder, by path, as Latin-1 so that binary ones compare too. */
export async function writtenFiles(dir: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const entry of await readdir(dir, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || entry.name === EXPORT || entry.name === OUTPUT) continue;
    const path = join(entry.parentPath, entry.name);
    files[path.slice(dir.length + 1)] = await readFile(path, 'latin1');
  }
  return files;
}
