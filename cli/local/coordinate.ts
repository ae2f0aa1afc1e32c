import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { FleetExit, K6Exit } from '../../core/contract/exit-codes.ts';
import type { Plan } from '../../core/contract/plan.ts';
import type { Result } from '../../core/contract/result.ts';
import { SupersededError, UserError } from '../../core/errors.ts';
import { Coordinator } from '../../core/run/coordinator.ts';
import { LocalFleet } from '../../fleets/local.ts';
import { createObserver } from '../../observers/create-observer.ts';
import { Live } from '../live.ts';
import { packageRoot } from '../package-root.ts';
import type { StoredRun } from '../runs.ts';
import { coloursOf } from '../terminal.ts';

const zip = promisify(gzip);

/**
 * Coordinates a run in this process until its end, with the live view on stderr. Ctrl-C stops it gracefully, a second
 * one at once.
 * @throws UserError where the run cannot go on; nothing of it is then left running, unless another coordinator has it.
 */
export async function coordinate(
  run: StoredRun,
  plan: Plan,
  options: { k6: string; env: NodeJS.ProcessEnv; quiet: boolean },
): Promise<Result> {
  const live = options.quiet ? null : new Live(process.stderr, coloursOf(process.stderr));
  const fleet = new LocalFleet({
    run: plan.id,
    storeDir: run.runs.where,
    workerFile: join(packageRoot, 'dist', 'worker.js'),
    k6Binary: options.k6,
    env: options.env,
  });
  const coordinator = new Coordinator({
    plan,
    store: run.store,
    fleet,
    observer: plan.target?.observe == null ? null : createObserver(plan.target.observe),
    clock: { now: Date.now, sleep },
    // Level 1: a checkpoint is written every few seconds, and may have megabytes. It is 12 times as fast, for 28 % more bytes.
    compression: { zip: (text) => zip(text, { level: 1 }), unzip: promisify(gunzip) },
    onProgress: (progress) => live?.show(progress),
  });
  const interrupts = new AbortController();
  const stop = (signal: string) => {
    live?.clear();
    process.stderr.write(`k6-fleet: stopping; press Ctrl-C again to stop at once\n`);
    const message = `test run was aborted because k6-fleet received '${signal}'`;
    return run.askToStop(message);
  };
  const interrupted = secondSignal(stop, interrupts.signal);
  try {
    const outcome = await Promise.race([coordinator.run(), interrupted]);
    if (outcome !== 'killed') return outcome;
    throw new UserError('stopped at once: there is no result', K6Exit.externalAbort);
  } catch (error) {
    if (error instanceof SupersededError) throw new UserError(error.message, FleetExit.superseded);
    await coordinator.killAll();
    if (error instanceof UserError) throw error;
    throw new UserError(`run ${plan.id} cannot go on: ${(error as Error).message}`, FleetExit.internal);
  } finally {
    interrupts.abort();
    live?.clear();
  }
}

/** Calls back at the first SIGINT, SIGTERM or SIGHUP; resolves at the second. */
function secondSignal(first: (signal: string) => Promise<unknown>, over: AbortSignal): Promise<'killed'> {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  let seen = 0;
  return new Promise((resolve) => {
    const onSignal = (signal: string) => {
      seen += 1;
      if (seen === 1) void first(signal).catch(() => resolve('killed'));
      else resolve('killed');
    };
    for (const signal of signals) process.on(signal, onSignal);
    over.addEventListener('abort', () => {
      for (const signal of signals) process.off(signal, onSignal);
    });
  });
}
