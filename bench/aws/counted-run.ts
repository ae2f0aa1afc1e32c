/** A run of real workers with a real k6 each, on an S3 that counts requests. */
import { join } from 'node:path';
import { packageRoot } from '../../cli/package-root.ts';
import { WorkerEnv } from '../../core/contract/env.ts';
import type { Timing } from '../../core/contract/plan.ts';
import { S3Store } from '../../stores/s3.ts';
import { prepareRun } from '../measured-run.ts';
import { startServer } from '../processes.ts';
import { BUCKET, type EndpointCounts, startEndpoint } from './endpoint.ts';
import type { Counts } from './kinds.ts';

export interface CountedRun {
  tasks: number;
  /** Of the load, without its first and last seconds. */
  seconds: number;
  /** Requests in these seconds. */
  advanceLoad: Counts;
  /** Requests of the whole run. */
  inAll: Counts;
}

/** Cut off at both ends of the load, s. */
const EDGE_SECONDS = 3;

/** @param options.seconds of the load @throws Error if the run fails */
export async function countRun(options: {
  k6: string;
  dir: string;
  tasks: number;
  timing: Timing;
  seconds: number;
}): Promise<CountedRun> {
  const { k6, dir, tasks, timing, seconds } = options;
  const server = await startServer();
  const endpoint = await startEndpoint({ tls: null, fleet: null });
  const before = { ...process.env };
  Object.assign(process.env, endpoint.env); // the SDK of this process reads them
  try {
    const run = await prepareRun({
      k6,
      script: join(packageRoot, 'bench', 'scripts', 'endpoints.js'),
      vars: { BASE_URL: server.target, SECONDS: String(seconds) },
      tasks,
      timing,
      store: new S3Store(BUCKET),
      workDir: dir,
      workerEnv: { ...endpoint.env, [WorkerEnv.store]: `s3://${BUCKET}` },
    });
    const { result } = await run();
    const { bySecond } = await endpoint.stop();
    const from = Math.ceil(Date.parse(result.run.startedAt ?? '') / 1000) + EDGE_SECONDS;
    const counted = Math.max(1, seconds - 2 * EDGE_SECONDS);
    return {
      tasks,
      seconds: counted,
      advanceLoad: countsIn(bySecond, from, from + counted),
      inAll: countsIn(bySecond, 0, Number.POSITIVE_INFINITY),
    };
  } finally {
    for (const name of Object.keys(endpoint.env)) delete process.env[name];
    Object.assign(process.env, before);
    await endpoint.stop();
    server.stop();
  }
}

/** @param from Unix s, as is `to`, which is exclusive */
function countsIn(bySecond: EndpointCounts['bySecond'], from: number, to: number): Counts {
  const sums: Counts = {};
  for (const [at, counts] of Object.entries(bySecond)) {
    if (Number(at) < from || Number(at) >= to) continue;
    for (const [kind, count] of Object.entries(counts)) sums[kind] = (sums[kind] ?? 0) + count;
  }
  return sums;
}
