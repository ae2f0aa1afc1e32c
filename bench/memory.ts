import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { packageRoot } from '../cli/package-root.ts';
import { K6_SETTINGS } from '../core/contract/env.ts';
import type { BenchContext } from './context.ts';
import { residentBytes, startGroup, startServer } from './processes.ts';
import type { Report } from './report.ts';

const SAMPLE_MS = 200;

/** Peak resident bytes up to each milestone, since the one before. */
type Peaks = number[];

/** How the memory of k6 grows during a test, with our output and without. */
export async function benchMemory({ k6, quick, full, log }: BenchContext): Promise<Report> {
  const milestones = quick ? [1000, 2000] : [200_000, 500_000, 1_000_000, 2_000_000];
  const script = join(packageRoot, 'bench', 'scripts', full ? 'requests-milestones.js' : 'samples.js');
  const server = full ? await startServer() : null;
  const vars = {
    BASE_URL: server?.target ?? '',
    REQUESTS: String(milestones.at(-1)),
    MILESTONES: milestones.join(','),
  };
  const flags = Object.entries(vars).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  const measure = async (name: string, args: string[]) => {
    const peaks = await peaksOf(k6, ['run', '--quiet', ...args, ...flags, script], milestones);
    log(`${name}: ${peaks.map(megabytes).join(', ')} MB`);
    return peaks;
  };
  try {
    const plain = await measure('plain k6', []);
    const ours = await measure('k6 with the fleet output', [
      '--no-thresholds',
      '--summary-mode=disabled',
      '--out=fleet=path=/dev/null',
    ]);
    return memoryReport(milestones, plain, ours, full);
  } finally {
    server?.stop();
  }
}

async function peaksOf(k6: string, args: string[], milestones: number[]): Promise<Peaks> {
  const child = startGroup(k6, args, { env: { ...process.env, ...K6_SETTINGS }, stdio: ['ignore', 'ignore', 'pipe'] });
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  const peaks: Peaks = milestones.map(() => 0);
  let stage = 0;
  const look = async (into: number) => {
    const now = (await residentBytes(child.pid as number)) ?? 0;
    peaks[into] = Math.max(peaks[into] as number, now);
  };
  const timer = setInterval(() => void look(Math.min(stage, milestones.length - 1)), SAMPLE_MS);
  const said: string[] = [];
  const looks: Promise<void>[] = [];
  for await (const line of createInterface({ input: child.stderr as Readable })) {
    said.push(line);
    const reached = milestones.indexOf(Number(/milestone=(\d+)/.exec(line)?.[1]));
    if (reached < 0) continue;
    looks.push(look(reached));
    stage = reached + 1;
  }
  clearInterval(timer);
  const code = await closed;
  await Promise.all(looks);
  if (code !== 0) throw new Error(`k6 ended with exit code ${code}: ${said.slice(-3).join(' | ')}`);
  return peaks;
}

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0);

/** @internal exported for its test */
export function memoryReport(milestones: number[], plain: Peaks, ours: Peaks, real: boolean): Report {
  const growth = (peaks: Peaks) => (peaks.at(-1) as number) / (peaks[0] as number);
  const what = real ? 'requests' : "requests' worth of samples";
  return {
    name: 'memory',
    title: 'Memory over the course of a test',
    head: [what, 'plain `k6 run`, MB', 'k6 with the fleet output, MB'],
    rows: milestones.map((milestone, i) => [
      milestone.toLocaleString('en'),
      megabytes(plain[i] as number),
      megabytes(ours[i] as number),
    ]),
    // Go's heap varies by about a tenth between collections.
    aims: [{ what: 'memory at the last milestone, as a ratio to the first', value: growth(ours), atMost: 1.1 }],
    notes: [
      `Peak resident memory of the k6 process since the previous milestone. Plain k6 grows by ${growth(plain).toFixed(1)} times.` +
        (real
          ? ''
          : ' To be quicker, the script adds the samples without sending requests: 8 trend values for each request, ' +
            'as many as k6 adds. `--full` sends the requests.'),
    ],
    data: { milestones, plain, ours, real },
  };
}
