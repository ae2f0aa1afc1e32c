import type { StopReason } from '../../core/contract/control.ts';
import { K6Exit } from '../../core/contract/exit-codes.ts';
import type { Plan } from '../../core/contract/plan.ts';
import type { Progress } from '../../core/contract/progress.ts';
import type { Result } from '../../core/contract/result.ts';
import { RunFiles } from '../../core/contract/run-files.ts';
import type { LegOutput } from '../../core/contract/stack.ts';
import { UserError } from '../../core/errors.ts';
import type { Clock, Compression, Fleet, MetricsSink, Store } from '../../core/ports.ts';
import { Coordinator } from '../../core/run/coordinator.ts';
import type { Log } from '../log.ts';
import type { Publisher } from '../publisher.ts';
import type { RunObservers } from './run-observers.ts';

/** Time left for the last checkpoint and the answer after a leg, ms. */
const WRAP_UP_MS = 60_000;

export interface LegOptions {
  run: string;
  /** How long a leg lasts at most, s. */
  legSeconds: number;
  /** Until the Lambda times out, ms. */
  remainingMs: number;
  store: Store;
  fleetOf(plan: Plan): Fleet;
  /** @throws UserError if the plan's target cannot be observed */
  observersOf(plan: Plan): RunObservers;
  metricsSink: MetricsSink;
  publisher: Publisher;
  clock: Clock;
  compression: Compression;
  log: Log;
}

/**
 * Drives a run for one leg. A UserError that only shows here terminates the run, with a result that says why.
 * @throws SupersededError if another coordinator claims the run
 * @throws PlanMissingError if there is no such run
 */
export async function leg(options: LegOptions): Promise<LegOutput> {
  const { run, publisher } = options;
  const files = new RunFiles(options.store, run);
  const result = (await files.result()) ?? (await coordinate(options, files));
  if (result === null) return { run, done: false, passed: null, exitCode: null };
  await publisher.publish(files, result);
  const { passed, exitCode } = result.verdict;
  return { run, done: true, passed, exitCode };
}

/** @returns null if the leg is over and the run is not */
async function coordinate(options: LegOptions, files: RunFiles): Promise<Result | null> {
  const { store, clock, compression, metricsSink, log, run } = options;
  const plan = await files.requirePlan();
  const common = { plan, store, fleet: options.fleetOf(plan), metricsSink, clock, compression };
  let progress: Progress | null = null;
  try {
    const { observer, problems } = options.observersOf(plan);
    // Only before the first leg: a stop alarm that fires later is not a problem, it stops the run.
    if ((await files.etag('control')) === null) assertNone(await problems());
    const coordinator = new Coordinator({
      ...common,
      observer,
      onProgress: (now) => {
        progress = now;
      },
    });
    const result = await coordinator.run({ until: clock.now() + legMs(options) });
    log({ level: 'info', run, message: result === null ? 'leg over' : 'run over', ...counts(progress) });
    return result;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    log({ level: 'warn', run, message: error.message, exitCode: error.exitCode });
    return (await new Coordinator({ ...common, observer: null }).terminate(notStarted(error))) ?? files.result();
  }
}

/**
 * How long to drive the run, ms: `legSeconds`, but not into the Lambda's last minute, or second half if it is short.
 * @internal exported for its test
 */
export const legMs = ({ legSeconds, remainingMs }: Pick<LegOptions, 'legSeconds' | 'remainingMs'>): number =>
  Math.min(legSeconds * 1000, Math.max(remainingMs - WRAP_UP_MS, remainingMs / 2));

function assertNone(problems: readonly string[]): void {
  if (problems.length > 0) throw new UserError(problems.join('; '), K6Exit.invalidConfig);
}

const notStarted = ({ message, exitCode }: UserError): StopReason => ({ kind: 'not-started', message, exitCode });

const counts = (progress: Progress | null) =>
  progress === null ? {} : { phase: progress.phase, tasks: progress.tasks, requests: progress.requests };
