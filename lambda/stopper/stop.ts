import type { Plan } from '../../core/contract/plan.ts';
import { RunFiles } from '../../core/contract/run-files.ts';
import { SupersededError } from '../../core/errors.ts';
import type { Clock, Compression, Fleet, MetricsSink, Store } from '../../core/ports.ts';
import { Coordinator } from '../../core/run/coordinator.ts';
import type { Log } from '../log.ts';
import type { Publisher } from '../publisher.ts';
import type { StopCall } from './event.ts';

/** How often to claim a run that a leg under way keeps claiming back. */
const MAX_CLAIMS = 5;

export interface StopOptions extends StopCall {
  store: Store;
  fleetOf(plan: Plan): Fleet;
  metricsSink: MetricsSink;
  publisher: Publisher;
  clock: Clock;
  compression: Compression;
  log: Log;
}

/**
 * Terminates a run that its state machine no longer drives: its result holds what has been measured, and no task is left.
 * Idempotent, and safe after a regular end. A leg may still be running, with a launch under way, since aborting an
 * execution does not abort its Lambda: the run is claimed from it.
 * @throws Error if tasks are left; Lambda then retries twice
 */
export async function stopRun(options: StopOptions): Promise<void> {
  const { run, reason, store, publisher, log } = options;
  const files = new RunFiles(store, run);
  const plan = await files.plan();
  if (plan === null) {
    log({ level: 'warn', run, message: 'there is no such run: nothing to stop' });
    return;
  }
  const fleet = options.fleetOf(plan);
  const failure = await endRun(options, plan, fleet).catch((error: Error) => error);
  // The verdict is published even if tasks are left.
  const result = await files.result();
  if (result !== null) await publisher.publish(files, result);
  if (failure !== undefined) throw failure;
  log({ level: 'info', run, message: `stopped: ${reason.message}`, ...result?.verdict });
}

async function endRun(options: StopOptions, plan: Plan, fleet: Fleet): Promise<void> {
  await terminateRun(options, plan, fleet);
  // A superseded leg may have launched more tasks, until its next write.
  await fleet.killAll?.();
}

async function terminateRun(options: StopOptions, plan: Plan, fleet: Fleet): Promise<void> {
  const { store, metricsSink, clock, compression, reason } = options;
  for (let claims = 1; ; claims++) {
    try {
      await new Coordinator({ plan, store, fleet, metricsSink, observer: null, clock, compression }).terminate(reason);
      return;
    } catch (error) {
      if (!(error instanceof SupersededError) || claims === MAX_CLAIMS) throw error;
    }
  }
}
