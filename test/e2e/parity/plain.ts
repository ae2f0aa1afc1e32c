import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Ended, plainK6 } from '../../support/fleet.ts';

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

/** Files that only the suite asks for: a script's own have other names. */
export const SUITE_FILES = { summary: 'k6-summary.json', samples: 'k6-samples.json' } as const;

/** Runs a script by plain k6, unchanged, in a folder of its own, where it may write files. */
export async function runPlain(script: string, dir: string, env: Record<string, string>): Promise<PlainTruth> {
  await mkdir(dir, { recursive: true });
  const flags = Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  const outputs = [`--summary-export=${SUITE_FILES.summary}`, `--out=json=${SUITE_FILES.samples}`];
  const ended = await plainK6(['run', '-q', ...outputs, ...flags, script], { cwd: dir });
  const exported = await readFile(join(dir, SUITE_FILES.summary), 'utf8').catch(() => null);
  const samples = await readFile(join(dir, SUITE_FILES.samples), 'utf8').catch(() => '');
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
