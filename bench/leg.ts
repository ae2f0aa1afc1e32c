import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../cli/package-root.ts';
import type { CellLine } from '../core/contract/window.ts';
import { canPin, makeCertificate } from './aws/endpoint.ts';
import { type LegPlace, measureLeg, type Scenario, timingOf } from './aws/leg.ts';
import type { LegFigures } from './aws/leg-meter.ts';
import type { BenchContext } from './context.ts';
import { firstLine, startGroup } from './processes.ts';
import { COARSE_SECONDS, recordCells } from './recording.ts';
import type { Aim, Report } from './report.ts';

/** 60 VUs keep the demo's slots full, so responses take ever so long, as they do under load. */
const VUS = 60;
const LONG_MS = 20_000;

/** Of the one vCPU that the coordinator's Lambda has: what is left is for worse days. */
const CPU_AT_MOST = 0.85;
/** A window waits for its turn of up to `taskPollIntervalMs`; so many seconds later it is to be merged. */
const LATE_SECONDS = 2;

interface LegCase extends Scenario {
  /** Whether it is to keep up. */
  aimed: boolean;
}

const LONG = { windowMs: LONG_MS, taskPollIntervalMs: LONG_MS };

/** As `run --stack` has it, then what might be changed for 5,000 tasks. */
const CASES: LegCase[] = [
  { tasks: 1000, timing: {}, warmUpSeconds: 12, seconds: 20, aimed: true },
  { tasks: 5000, timing: {}, warmUpSeconds: 12, seconds: 15, aimed: false },
  { tasks: 5000, timing: LONG, warmUpSeconds: 22, seconds: 20, aimed: false },
  { tasks: 5000, timing: { ...LONG, cellSeconds: COARSE_SECONDS }, warmUpSeconds: 22, seconds: 20, aimed: true },
];
const QUICK: LegCase[] = [{ tasks: 20, timing: {}, warmUpSeconds: 1, seconds: 3, aimed: true }];

/** The coordinator as its Lambda runs it, with one processor, under the windows of many tasks. */
export async function benchLeg({ k6, dir, quick, log }: BenchContext): Promise<Report> {
  const tls = await makeCertificate(dir);
  const place: LegPlace = { recording: await record(k6, dir, quick ? 3 : 32), tls };
  const found: LegFound[] = [];
  for (const { aimed, ...scenario } of quick ? QUICK : CASES) {
    const figures = await measureLeg(scenario, place);
    found.push({ scenario, aimed, figures });
    log(`${nameOf(scenario)}: ${figures.cpu.toFixed(2)} s of CPU a second`);
  }
  return legReport(found, { isPinned: await canPin(), hasTls: tls !== null });
}

/** Runs the connection-pool test, which has three endpoints, against the demo, and keeps what the output says. */
async function record(k6: string, dir: string, seconds: number): Promise<LegPlace['recording']> {
  const demo = await startDemo();
  try {
    const lines = await recordCells(k6, dir, 'pool.js', { BASE_URL: demo.url, VUS, SECONDS: seconds });
    const [fine, coarse] = [join(dir, 'fine.json'), join(dir, 'coarse.json')];
    await writeFile(fine, JSON.stringify(wholeOf(lines.fine)));
    await writeFile(coarse, JSON.stringify(wholeOf(lines.coarse)));
    return { fine, coarse };
  } finally {
    demo.stop();
  }
}

/** Drops the first and the last line, which the start and the end cut short, if there are others. */
function wholeOf(lines: CellLine[]): CellLine[] {
  const whole = lines.length > 2 ? lines.slice(1, -1) : lines;
  return whole.filter(({ cells }) => cells.length > 0);
}

async function startDemo(): Promise<{ url: string; stop(): void }> {
  const args = [join(packageRoot, 'dist', 'demo.js'), '--port', '0', '--no-autoscaling', '--stop-with-stdin'];
  const child = startGroup(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const [url = ''] = /http:\S+/.exec(await firstLine(child, 'the demo')) ?? [];
  return { url, stop: () => child.stdin?.end() };
}

export interface LegFound {
  scenario: Scenario;
  aimed: boolean;
  figures: LegFigures;
}

/** Such as `5,000 tasks, a window and a poll every 20 s, cells of 1 s`. */
function nameOf(scenario: Pick<Scenario, 'tasks' | 'timing'>): string {
  const { windowMs, taskPollIntervalMs, cellSeconds } = timingOf(scenario);
  const windows =
    windowMs === taskPollIntervalMs ? 'a window and a poll' : `a window every ${windowMs / 1000} s, a poll`;
  const tasks = `${scenario.tasks.toLocaleString('en')} tasks`;
  return `${tasks}, ${windows} every ${taskPollIntervalMs / 1000} s, cells of ${cellSeconds} s`;
}

/** @internal exported for its test */
export function legReport(found: LegFound[], { isPinned, hasTls }: { isPinned: boolean; hasTls: boolean }): Report {
  return {
    name: 'leg',
    title: 'One leg of the coordinator, on one processor',
    head: [
      '',
      'windows/s shipped',
      'merged',
      'CPU, s/s',
      'merge delay, s: median',
      'p95',
      'age of the newest window, s: p95',
      'tick, s',
      'S3 calls/s',
      'checkpoint, KB',
      'ms',
      'MB resident',
    ],
    rows: found.map(({ scenario, figures }) => [
      nameOf(scenario),
      ((scenario.tasks * 1000) / timingOf(scenario).windowMs).toFixed(0),
      (figures.perSecond['GET window'] ?? 0).toFixed(0),
      figures.cpu.toFixed(2),
      figures.delay.median.toFixed(1),
      figures.delay.p95.toFixed(1),
      figures.age.p95.toFixed(0),
      tickOf(scenario, figures),
      Object.values(figures.perSecond)
        .reduce((sum, rate) => sum + rate, 0)
        .toFixed(0),
      figures.checkpoint === null ? '' : (figures.checkpoint.bytes / 1000).toFixed(0),
      figures.checkpoint?.ms.toFixed(0) ?? '',
      (figures.rss / 1e6).toFixed(0),
    ]),
    aims: found.filter(({ aimed }) => aimed).flatMap(aimsOf),
    notes: [
      'The code and the clients of the Lambda, in real time, against a process that simulates S3, ECS and CloudWatch ' +
        `over ${hasTls ? 'TLS' : 'plain HTTP'} on loopback. ` +
        'Assumed: an answer takes 20 to 60 ms, one in a hundred 200 ms. ' +
        (isPinned
          ? 'The leg is bound to one processor, as a Lambda of 1,769 MB has one vCPU; the simulated AWS has another.'
          : 'The leg could not be bound to one processor on this machine; a Lambda of 1,769 MB has only one vCPU.'),
      'The windows are those of a k6 with 60 VUs on three endpoints of the demo, packed as workers pack them. ' +
        'Each task is polled once an interval, so a window waits for half of it on average even if the leg is idle.',
    ],
    data: found,
  };
}

/** A leg reads the stop request once a tick. */
function tickOf({ seconds }: Scenario, { perSecond }: LegFigures): string {
  const ticks = perSecond['GET stop, not there'] ?? 0;
  return ticks > 0 ? (1 / ticks).toFixed(1) : `over ${seconds}`;
}

function aimsOf({ scenario, figures }: LegFound): Aim[] {
  const name = nameOf(scenario);
  return [
    { what: `${name}: s of CPU a second`, value: figures.cpu, atMost: CPU_AT_MOST },
    {
      what: `${name}: s until 95 % of the windows were merged`,
      value: figures.delay.p95,
      atMost: timingOf(scenario).taskPollIntervalMs / 1000 + LATE_SECONDS,
    },
  ];
}
