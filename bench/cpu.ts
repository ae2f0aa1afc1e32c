import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../cli/package-root.ts';
import { K6_SETTINGS } from '../core/contract/env.ts';
import type { BenchContext } from './context.ts';
import { prepareTask } from './measured-run.ts';
import { cpuOf, startServer } from './processes.ts';
import type { Report } from './report.ts';
import { spreadOf, spreadText } from './spread.ts';

const PLAIN = 'plain `k6 run`';
const OTEL = '`k6 run --out opentelemetry`';
const OUTPUT = 'k6 with the fleet output';
const TASK = 'one task: k6 and its worker';
const WHOLE = '`k6-fleet run --tasks 1`, all of it';

/** What is compared with what, and the greatest ratio that is aimed for. */
const PAIRS = [
  { program: TASK, to: PLAIN, atMost: 1.05 },
  { program: TASK, to: OTEL, atMost: 0.75 },
  { program: OUTPUT, to: PLAIN, atMost: null },
  { program: WHOLE, to: PLAIN, atMost: null },
];

/** µs of CPU per request of a pair, by round. */
type Measured = [program: number, to: number][];

/** What a worker passes to its k6 beside the segment, which changes nothing for a single task. */
const AS_IN_A_TASK = ['--no-thresholds', '--summary-mode=disabled'];

/**
 * CPU time per request. The two programs of a pair run the same script at the same time, so that whatever else the
 * machine does slows both down alike.
 */
export async function benchCpu({ k6, dir, quick, log }: BenchContext): Promise<Report> {
  const requests = quick ? 500 : 60_000;
  const rounds = quick ? 1 : 5;
  const server = await startServer();
  const programs = programsOf(k6, dir, server, requests);
  const measured: Measured[] = PAIRS.map(() => []);
  try {
    for (let round = 0; round < rounds; round++) {
      for (const [i, { program, to }] of PAIRS.entries()) {
        const ready = await Promise.all([programs[program]?.(), programs[to]?.()]);
        const seconds = await Promise.all(ready.map((run) => run?.() ?? Number.NaN));
        const [mine = 0, other = 0] = seconds.map((used) => (used / requests) * 1e6);
        measured[i]?.push([mine, other]);
        log(`round ${round + 1} of ${rounds}: ${program}: ${mine.toFixed(1)} µs, ${to}: ${other.toFixed(1)} µs`);
      }
    }
  } finally {
    server.stop();
  }
  return cpuReport(measured, requests);
}

/** Each prepares a run, and returns what runs it and returns its CPU time, s. */
function programsOf(
  k6: string,
  dir: string,
  server: { target: string; sink: string },
  requests: number,
): Record<string, () => Promise<() => Promise<number>>> {
  const script = join(packageRoot, 'bench', 'scripts', 'requests.js');
  const vars = { BASE_URL: server.target, REQUESTS: String(requests) };
  const flags = Object.entries(vars).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  const env = { ...process.env, ...K6_SETTINGS };
  const otelEnv = {
    ...env,
    K6_OTEL_EXPORTER_PROTOCOL: 'http/protobuf',
    K6_OTEL_HTTP_EXPORTER_ENDPOINT: server.sink,
    K6_OTEL_HTTP_EXPORTER_INSECURE: 'true',
  };
  const runK6 =
    (args: string[], k6Env = env) =>
    async () =>
    () =>
      cpuOf(k6, ['run', '--quiet', ...args, ...flags, script], { env: k6Env });
  const folder = () => mkdtemp(join(dir, 'run-'));
  return {
    [PLAIN]: runK6([]),
    [OTEL]: runK6(['--out=opentelemetry'], otelEnv),
    [OUTPUT]: runK6([...AS_IN_A_TASK, '--out=fleet=path=/dev/null']),
    [TASK]: async () => prepareTask({ script, k6, dir: await folder(), env: vars }),
    [WHOLE]: async () => {
      const args = ['run', script, '--tasks', '1', '-q', '--store', await folder(), ...flags];
      return () => cpuOf(process.execPath, [join(packageRoot, 'dist', 'cli.js'), ...args]);
    },
  };
}

/** @param measured of each of PAIRS @internal exported for its test */
export function cpuReport(measured: Measured[], requests: number): Report {
  const rows = PAIRS.map((pair, i) => {
    const rounds = measured[i] as Measured;
    return {
      ...pair,
      mine: spreadOf(rounds.map(([mine]) => mine)),
      other: spreadOf(rounds.map(([, other]) => other)),
      ratio: spreadOf(rounds.map(([mine, other]) => mine / other)),
    };
  });
  return {
    name: 'cpu',
    title: 'CPU per request',
    head: ['', 'µs', 'beside', 'µs', 'ratio'],
    rows: rows.map(({ program, to, mine, other, ratio }) => [
      program,
      mine.median.toFixed(1),
      to,
      other.median.toFixed(1),
      spreadText(ratio, 2),
    ]),
    aims: rows.flatMap(({ program, to, ratio, atMost }) =>
      atMost === null ? [] : [{ what: `CPU of ${program}, as a ratio to ${to}`, value: ratio.median, atMost }],
    ),
    notes: [
      `Median (range) of ${measured[0]?.length} rounds of ${requests.toLocaleString('en')} requests. ` +
        'The two programs of a row run at the same time against the same target. CPU is the user and system time of all ' +
        'processes of a program, from start to exit. The last row includes what does not grow with the load: reading ' +
        'the script, planning, coordinating.',
    ],
    data: rows.map((row, i) => ({ ...row, requests, rounds: measured[i] })),
  };
}
