import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FleetExit, K6Exit } from '../../core/contract/exit-codes.ts';
import type { Plan } from '../../core/contract/plan.ts';
import type { Result } from '../../core/contract/result.ts';
import { SupersededError, UserError } from '../../core/errors.ts';
import { Coordinator } from '../../core/run/coordinator.ts';
import { LocalFleet } from '../../fleets/local.ts';
import { createObserver } from '../../observers/create-observer.ts';
import { compression } from '../../stores/compression.ts';
import { packageRoot } from '../package-root.ts';
import { stopNotice } from '../render/stop-text.ts';
import type { StoredRun } from '../runs.ts';
import { onSignals, signalName } from '../signals.ts';
import { coloursOf, LiveProgress } from '../terminal.ts';

/**
 * Coordinates a run in this process until its end, with the live view on stderr. The first signal stops it gracefully,
 * the second at once.
 * @throws UserError if the run cannot continue; none of its tasks is then left running, unless another coordinator has
 * claimed it
 */
export async function coordinate(
  run: StoredRun,
  plan: Plan,
  options: { k6: string; env: NodeJS.ProcessEnv; quiet: boolean },
): Promise<Result> {
  const live = new LiveProgress(process.stderr, coloursOf(process.stderr), { view: !options.quiet, console: true });
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
    compression,
    onProgress: (progress) => live.show(progress),
  });
  const interrupts = stopOnSignals(run, () => {
    live.clear();
    process.stderr.write(`k6-fleet: ${stopNotice(coordinator.phase)}; press Ctrl-C again to stop at once\n`);
  });
  try {
    const outcome = await Promise.race([coordinator.run(), interrupts.killed]);
    if (outcome !== 'killed') return outcome;
    throw new UserError(
      `stopped at once, without a result; to get one from the last checkpoint: k6-fleet resume ${run.id}${run.runs.flag}`,
      K6Exit.externalAbort,
    );
  } catch (error) {
    if (error instanceof SupersededError) throw new UserError(error.message, FleetExit.superseded);
    await coordinator.killAll();
    if (error instanceof UserError) throw error;
    throw new UserError(`run ${plan.id} cannot continue: ${(error as Error).message}`, FleetExit.internal);
  } finally {
    interrupts.release();
    live.clear();
  }
}

/** Requests a graceful stop at the first signal; `killed` resolves at the second, or if the request cannot be written. */
function stopOnSignals(run: StoredRun, onFirst: () => void): { killed: Promise<'killed'>; release: () => void } {
  let release = () => {};
  const killed = new Promise<'killed'>((resolve) => {
    const kill = () => resolve('killed');
    let stopping = false;
    release = onSignals((signal) => {
      if (stopping) return kill();
      stopping = true;
      onFirst();
      run.requestStop(signalName(signal)).catch(kill);
    });
  });
  return { killed, release };
}
