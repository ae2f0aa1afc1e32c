import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../cli/package-root.ts';
import type { BenchContext } from './context.ts';
import { measureTask } from './measured-run.ts';
import { cpuOf, K6_ENV, startServer } from './processes.ts';
import type { Report } from './report.ts';
import { spreadOf, spreadText } from './spread.ts';

const PLAIN = 'plain `k6 run`';
const OTEL = '`k6 run --out opentelemetry`';
const OUTPUT = 'k6 with the fleet output';
const TASK = 'one task: k6 and its worker';
const WHOLE = '`k6-fleet run --tasks 1`, all of it';

/** What a worker passes to its k6 beside the segment, which changes nothing for a single task. */
const AS_IN_A_TASK = ['--no-thresholds', '--summary-mode=disabled'];

/** CPU time per request: the same script by each program in turn, round by round. */
export async function benchCpu({ k6, dir, quick, log }: BenchContext): Promise<Report> {
  const requests = quick ? 500 : 60_000;
  const rounds = quick ? 1 : 5;
  const script = join(packageRoot, 'bench', 'scripts', 'requests.js');
  const server = await startServer();
  const vars = { BASE_URL: server.target, REQUESTS: String(requests) };
  const flags = Object.entries(vars).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  const env = { ...process.env, ...K6_ENV };
  const otelEnv = {
    ...env,
    K6_OTEL_EXPORTER_PROTOCOL: 'http/protobuf',
    K6_OTEL_HTTP_EXPORTER_ENDPOINT: server.sink,
    K6_OTEL_HTTP_EXPORTER_INSECURE: 'true',
  };
  const cells = join(dir, 'cells.ndjson');
  const runK6 = (args: string[], k6Env = env) =>
    cpuOf(k6, ['run', '--quiet', ...args, ...flags, script], { env: k6Env });
  const inFolder = async (run: (folder: string) => Promise<number>) => {
    const folder = await mkdtemp(join(dir, 'run-'));
    return run(folder).finally(() => rm(folder, { recursive: true, force: true }));
  };
  const programs: [string, () => Promise<number>][] = [
    [PLAIN, () => runK6([])],
    [OTEL, () => runK6(['--out=opentelemetry'], otelEnv)],
    [OUTPUT, () => runK6([...AS_IN_A_TASK, `--out=fleet=path=${cells}`])],
    [TASK, () => inFolder(async (folder) => (await measureTask({ script, k6, dir: folder, env: vars })).cpuSeconds)],
    [WHOLE, () => inFolder((folder) => wholeCommand(script, flags, folder))],
  ];
  const used: Record<string, number>[] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      const measured: Record<string, number> = {};
      // Nobody is always first or last: what else the machine does comes and goes.
      for (let i = 0; i < programs.length; i++) {
        const [name, run] = programs[(i + round) % programs.length] as (typeof programs)[number];
        measured[name] = ((await run()) / requests) * 1e6;
        log(`round ${round + 1} of ${rounds}: ${name}: ${measured[name].toFixed(1)} µs of CPU per request`);
      }
      used.push(measured);
    }
  } finally {
    server.stop();
  }
  return cpuReport(
    programs.map(([name]) => name),
    used,
    requests,
  );
}

function wholeCommand(script: string, flags: string[], folder: string): Promise<number> {
  const cli = join(packageRoot, 'dist', 'cli.js');
  return cpuOf(process.execPath, [cli, 'run', script, '--tasks', '1', '-q', '--store', folder, ...flags]);
}

/** @param used µs of CPU per request, by program, of each round */
export function cpuReport(programs: string[], used: Record<string, number>[], requests: number): Report {
  const ratios = (name: string, to: string) =>
    spreadOf(used.map((round) => (round[name] as number) / (round[to] as number)));
  const aim = (to: string, atMost: number) => ({
    what: `CPU of one task, as a ratio to ${to}`,
    value: ratios(TASK, to).median,
    atMost,
  });
  return {
    name: 'cpu',
    title: 'CPU per request',
    head: ['', 'µs of CPU per request', `ratio to ${PLAIN}`, `ratio to ${OTEL}`],
    rows: programs.map((name) => [
      name,
      spreadText(spreadOf(used.map((round) => round[name] as number)), 1),
      spreadText(ratios(name, PLAIN), 2),
      spreadText(ratios(name, OTEL), 2),
    ]),
    aims: [aim(PLAIN, 1.05), aim(OTEL, 0.75)],
    notes: [
      `Median (range) of ${used.length} rounds of ${requests} requests by each program in turn; ratios are taken within a round. ` +
        'User and system time from start to exit, each process that is named and its children. The last line has in it what ' +
        'does not grow with the load: reading the script, planning, coordinating.',
    ],
    data: { requests, rounds: used },
  };
}
