import { requireEnv, WorkerEnv } from '../core/contract/env.ts';
import { RunFiles } from '../core/contract/run-files.ts';
import { openStore } from '../stores/open-store.ts';
import { inheritedEnvironment, isolatedEnvironment } from './k6-environment.ts';
import { Worker } from './worker.ts';

async function main(): Promise<void> {
  const store = openStore(requireEnv(WorkerEnv.store));
  const run = requireEnv(WorkerEnv.run);
  const files = new RunFiles(store, run);
  const workDir = requireEnv(WorkerEnv.workDir);
  const isolated = process.env[WorkerEnv.isolated] === 'true';
  const worker = new Worker({
    store,
    plan: await files.requirePlan(),
    ref: { task: Number(requireEnv(WorkerEnv.task)), attempt: Number(requireEnv(WorkerEnv.attempt)) },
    k6Binary: requireEnv(WorkerEnv.k6),
    workDir,
    cpus: cpusOf(process.env[WorkerEnv.cpus]),
    environment: async () =>
      isolated
        ? isolatedEnvironment({ files, home: workDir, openReader }, process.env)
        : inheritedEnvironment(process.env),
  });
  // The platform stops this task: a Spot interruption, or somebody stopped it.
  process.once('SIGTERM', () => worker.shutdown());
  await worker.run();
}

const openReader = async () => (await import('./aws-secrets.ts')).awsSecrets();

function cpusOf(text: string | undefined): number | null {
  if (text === undefined || text === '') return null;
  const cpus = Number(text);
  if (cpus > 0) return cpus;
  throw new Error(`${WorkerEnv.cpus} is "${text}": it must be a number above 0, such as 0.5`);
}

main().then(
  () => process.exit(0),
  (error: Error) => {
    process.stderr.write(`k6-fleet worker: ${error.message}\n`);
    process.exit(1);
  },
);
