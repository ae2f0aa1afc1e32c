import type { Plan } from '../../core/contract/plan.ts';
import { RunFiles } from '../../core/contract/run-files.ts';
import { SupersededError } from '../../core/errors.ts';
import type { Clock, Compression, Fleet, MetricsSink, Store } from '../../core/ports.ts';
import { Coordinator } from '../../core/run/coordinator.ts';
import type { Log } from '../log.ts';
import type { Publisher } from '../publisher.ts';
import type { StopOrder } from './event.ts';

/** How often a run is taken over anew, where a leg that still runs takes it back. */
const TRIES = 5;

export interface StopOptions extends StopOrder {
  store: Store;
  fleetOf(plan: Plan): Fleet;
  metricsSink: MetricsSink;
  publisher: Publisher;
  clock: Clock;
  compression: Compression;
  log: Log;
}

/**
 * Ends a run whose state machine no longer drives it: a result with what there is, and no task left. A leg may still
 * run, since nothing ends a Lambda that does, and have a launch under way. Twice, or after an end in order, is fine.
 * @throws Error where tasks are left: Lambda then calls twice more
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
  // The verdict is owed also where tasks are left.
  const result = await files.result();
  if (result !== null) await publisher.publish(files, result);
  if (failure !== undefined) throw failure;
  log({ level: 'info', run, message: `stopped: ${reason.message}`, ...result?.verdict });
}

async function endRun(options: StopOptions, plan: Plan, fleet: Fleet): Promise<void> {
  await abandon(options, plan, fleet);
  // Also what a leg has launched since: it may go on until it renews its lease, which is when it learns of its end.
  await fleet.killAll?.();
}

async function abandon(options: StopOptions, plan: Plan, fleet: Fleet): Promise<void> {
  const { store, metricsSink, clock, compression, reason } = options;
  for (let tries = 1; ; tries++) {
    try {
      await new Coordinator({ plan, store, fleet, metricsSink, observer: null, clock, compression }).terminate(reason);
      return;
    } catch (error) {
      if (!(error instanceof SupersededError) || tries === TRIES) throw error;
    }
  }
}
