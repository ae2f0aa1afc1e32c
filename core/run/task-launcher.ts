/** What is done to the tasks: they are launched, killed, and sent home. */
import { SupersededError } from '../errors.ts';
import { eachInParallel } from '../parallel.ts';
import type { Clock, Fleet, TaskRef } from '../ports.ts';
import type { Checkpointer } from './checkpointer.ts';
import { failLaunch, settleLaunch } from './phases/launch-queue.ts';
import { SHUTDOWN_GRACE_MS } from './phases/observing.ts';

/** Calls of the fleet at once. RunTask may take a second: 20 a second need 20 under way, and some more to catch up. */
const CALLS_AT_ONCE = 32;

export interface TaskLauncherOptions {
  fleet: Fleet;
  clock: Clock;
  tickMs: number;
}

export class TaskLauncher {
  /** Nothing is launched any more. */
  halted = false;

  constructor(
    private readonly options: TaskLauncherOptions,
    private readonly checkpointer: Checkpointer,
  ) {}

  /** Launches a slice of the tasks, which the last checkpoint knows to be launched. */
  async launch(refs: readonly TaskRef[]): Promise<void> {
    if (refs.length === 0) return;
    await this.withLease(eachInParallel(refs, CALLS_AT_ONCE, (ref) => this.launchOne(ref)));
  }

  async kill(refs: readonly TaskRef[]): Promise<void> {
    await eachInParallel(refs, CALLS_AT_ONCE, (ref) => this.options.fleet.kill(ref));
  }

  /** Ends every task at once. */
  async killAll(): Promise<void> {
    const { fleet } = this.options;
    if (fleet.killAll !== undefined) await fleet.killAll();
    else await this.kill(this.checkpointer.state.tasks.map(({ attempt }, task) => ({ task, attempt })));
  }

  /**
   * Waits for the workers to leave, and sees to it that they do. What is left of a task that was lost, such as a k6
   * without its worker, goes too.
   */
  async shutDownTasks(): Promise<void> {
    const { clock, fleet, tickMs } = this.options;
    const until = clock.now() + SHUTDOWN_GRACE_MS;
    const { tasks } = this.checkpointer.state;
    const lost = tasks.flatMap(({ attempt, outcome }, task) => (outcome?.lost == null ? [] : [{ task, attempt }]));
    let here = tasks.flatMap(({ attempt, launchedAt }, task) => (launchedAt === null ? [] : [{ task, attempt }]));
    for (;;) {
      const alive: TaskRef[] = [];
      await eachInParallel(here, CALLS_AT_ONCE, async (ref) => {
        if ((await fleet.liveness(ref)).state === 'alive') alive.push(ref);
      });
      here = alive;
      if (here.length === 0 || clock.now() >= until) break;
      await clock.sleep(tickMs);
    }
    await this.kill([...lost, ...here]);
  }

  private async launchOne(ref: TaskRef): Promise<void> {
    if (this.halted) return;
    const { fleet, clock } = this.options;
    const { state } = this.checkpointer;
    try {
      settleLaunch(state, ref, await fleet.launch(ref), clock.now());
    } catch (error) {
      failLaunch(state, ref, (error as Error).message);
    }
  }

  /**
   * Renews the lease while the work goes on, for a store or a platform that answers slowly must not end the load.
   * @throws SupersededError once the work has ended, where the run has got another coordinator meanwhile
   */
  async withLease<T>(work: Promise<T>): Promise<T> {
    const { clock, tickMs } = this.options;
    let isOver = false;
    const end = work.finally(() => {
      isOver = true;
    });
    end.catch(() => undefined); // it is awaited below
    let superseded: unknown = null;
    while (!isOver && superseded === null) {
      await Promise.race([end, clock.sleep(tickMs)]);
      if (!isOver) {
        await this.checkpointer.renewLeaseIfDue().catch((error: unknown) => {
          superseded = error;
        });
      }
    }
    if (superseded instanceof SupersededError) this.halted = true;
    const done = await end;
    if (superseded !== null) throw superseded;
    return done;
  }
}
