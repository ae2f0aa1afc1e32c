import { SupersededError } from '../errors.ts';
import { eachInParallel } from '../parallel.ts';
import type { Clock, Fleet, TaskRef } from '../ports.ts';
import type { Checkpointer } from './checkpointer.ts';
import { failLaunch, settleLaunch } from './phases/launch-queue.ts';
import { SHUTDOWN_GRACE_MS } from './phases/observing.ts';
import { isLost } from './state.ts';

/** Concurrent calls of the fleet. RunTask may take a second: 20 a second need 20 calls, and some more to catch up. */
const CONCURRENT_CALLS = 32;

export interface TaskLauncherOptions {
  fleet: Fleet;
  clock: Clock;
  tickMs: number;
}

/**
 * Launches, kills and shuts down tasks. What it is asked to launch is in the checkpoint already, so a coordinator may
 * crash at any moment: its successor looks for these tasks, and a launch that is repeated gives the same task.
 */
export class TaskLauncher {
  /** Set when the run is killed, or another coordinator has claimed it: nothing more is launched. */
  halted = false;

  constructor(
    private readonly options: TaskLauncherOptions,
    private readonly checkpointer: Checkpointer,
  ) {}

  /** @throws SupersededError */
  async launch(refs: readonly TaskRef[]): Promise<void> {
    if (refs.length === 0) return;
    await this.withLease(eachInParallel(refs, CONCURRENT_CALLS, (ref) => this.launchOne(ref)));
  }

  async kill(refs: readonly TaskRef[]): Promise<void> {
    await eachInParallel(refs, CONCURRENT_CALLS, (ref) => this.options.fleet.kill(ref));
  }

  /** Kills every task. */
  async killAll(): Promise<void> {
    const { fleet } = this.options;
    if (fleet.killAll !== undefined) await fleet.killAll();
    else await this.kill(this.checkpointer.run.state.tasks.map(({ attempt }, task) => ({ task, attempt })));
  }

  /** Waits for the workers to exit, then kills those that have not, and what lost tasks left, such as a k6 without worker. */
  async shutDownTasks(): Promise<void> {
    const { clock, fleet, tickMs } = this.options;
    const until = clock.now() + SHUTDOWN_GRACE_MS;
    const { tasks } = this.checkpointer.run.state;
    const lost = tasks.flatMap((record, task) => (isLost(record) ? [{ task, attempt: record.attempt }] : []));
    let remaining = tasks.flatMap(({ attempt, launchedAt }, task) => (launchedAt === null ? [] : [{ task, attempt }]));
    for (;;) {
      const alive: TaskRef[] = [];
      await eachInParallel(remaining, CONCURRENT_CALLS, async (ref) => {
        if ((await fleet.liveness(ref)).state === 'alive') alive.push(ref);
      });
      remaining = alive;
      if (remaining.length === 0 || clock.now() >= until) break;
      await clock.sleep(tickMs);
    }
    await this.kill([...lost, ...remaining]);
  }

  private async launchOne(ref: TaskRef): Promise<void> {
    if (this.halted) return;
    const { fleet, clock } = this.options;
    const { state } = this.checkpointer.run;
    try {
      settleLaunch(state, ref, await fleet.launch(ref), clock.now());
    } catch (error) {
      failLaunch(state, ref, (error as Error).message);
    }
  }

  /**
   * Renews the lease while the work is under way: a slow store or platform must not end the load.
   * @throws SupersededError after the work has ended, if another coordinator has claimed the run meanwhile
   */
  async withLease<T>(work: Promise<T>): Promise<T> {
    const { clock, tickMs } = this.options;
    let isDone = false;
    const done = work.finally(() => {
      isDone = true;
    });
    done.catch(() => undefined); // awaited below
    let superseded: unknown = null;
    while (!isDone && superseded === null) {
      await Promise.race([done, clock.sleep(tickMs)]);
      if (!isDone) {
        await this.checkpointer.renewLeaseIfDue().catch((error: unknown) => {
          superseded = error;
        });
      }
    }
    if (superseded instanceof SupersededError) this.halted = true;
    const result = await done;
    if (superseded !== null) throw superseded;
    return result;
  }
}
