import { decodeJson } from '../core/contract/codec.ts';
import { K6_SETTINGS, requireEnv, scriptEnv, WorkerEnv } from '../core/contract/env.ts';
import { runKeys } from '../core/contract/keys.ts';
import { Plan } from '../core/contract/plan.ts';
import { openStore } from '../stores/index.ts';
import { Worker } from './worker.ts';

async function main(): Promise<void> {
  const store = openStore(requireEnv(WorkerEnv.store));
  const run = requireEnv(WorkerEnv.run);
  const body = await store.get(runKeys(run).plan);
  if (body === null) throw new Error(`run ${run} has no plan.json`);
  const worker = new Worker({
    store,
    plan: decodeJson(Plan, body, 'plan.json'),
    ref: { task: Number(requireEnv(WorkerEnv.task)), attempt: Number(requireEnv(WorkerEnv.attempt)) },
    k6Binary: requireEnv(WorkerEnv.k6),
    workDir: requireEnv(WorkerEnv.workDir),
    k6Env: { ...scriptEnv(process.env), ...K6_SETTINGS },
  });
  // The platform takes this task away (Spot, or somebody's kill): end k6 gracefully and ship what it measured.
  process.once('SIGTERM', () => worker.leave());
  await worker.run();
}

main().then(
  () => process.exit(0),
  (error: Error) => {
    process.stderr.write(`k6-fleet worker: ${error.message}\n`);
    process.exit(1);
  },
);
