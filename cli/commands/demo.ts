import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Command } from 'commander';
import { FleetExit } from '../../core/contract/exit-codes.ts';
import type { SummaryMode } from '../../core/contract/plan.ts';
import { UserError } from '../../core/errors.ts';
import { runLocally } from '../local/run.ts';
import { jsonOption, storeOption, summaryModeOption, tasksOption } from '../options.ts';
import { packageRoot } from '../package-root.ts';

interface DemoFlags {
  tasks: number | 'auto';
  autoscaling: boolean;
  json?: string;
  summaryMode: SummaryMode;
  store: string;
}

/** The demo scales in seconds, not in ECS's minutes. */
const spikeEnv = ({ SPIKE_HOLD = '25s', SCALE_OUT_WITHIN = '25s', RECOVER_WITHIN = '40s' } = process.env) => ({
  SPIKE_HOLD,
  SCALE_OUT_WITHIN,
  RECOVER_WITHIN,
});

export const demoCommand = () =>
  new Command('demo')
    .description('run a spike against a demo API on this machine, and watch it scale out')
    .addOption(tasksOption('number of k6 processes, or auto').default(4))
    .option('--no-autoscaling', 'use a target that does not scale, so the run fails')
    .addOption(jsonOption())
    .addOption(summaryModeOption())
    .addOption(storeOption())
    .action(async ({ tasks, autoscaling, json, summaryMode, store }: DemoFlags) => {
      const target = await startTarget(autoscaling ? [] : ['--no-autoscaling']);
      try {
        const env = { BASE_URL: target.url, TARGET_OBSERVE: `demo:${target.url}`, ...spikeEnv() };
        await runLocally(join(packageRoot, 'k6-scripts', 'spike-test.js'), {
          tasks,
          env,
          summaryMode,
          store,
          ...(json === undefined ? {} : { json }),
        });
      } finally {
        await target.close();
      }
    });

/** Starts the demo API in a process of its own, so that it and the coordinator do not share a thread. */
async function startTarget(args: string[]): Promise<{ url: string; close(): Promise<void> }> {
  const child = spawn(process.execPath, [join(packageRoot, 'dist', 'demo.js'), '--stop-with-stdin', ...args], {
    // In its own process group, so Ctrl-C reaches only the run, which stops the load before its target.
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const first = await Promise.race([
    once(child.stdout, 'data').then(([chunk]) => String(chunk)),
    exited.then(() => ''),
  ]);
  const url = /http:\/\/[\d.:]+/.exec(first)?.[0];
  if (url === undefined) throw new UserError('the demo API did not start: see above', FleetExit.internal);
  process.stderr.write(first);
  return {
    url,
    close: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
