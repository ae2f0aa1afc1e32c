import type { Phase, StopReason } from '../contract/control.ts';
import type { Result } from '../contract/result.ts';
import { RunFiles } from '../contract/run-files.ts';
import type { Fleet, MetricsSink, TargetObserver } from '../ports.ts';
import { Schedule } from '../schedule.ts';
import { Checkpointer, type CheckpointerOptions } from './checkpointer.ts';
import { MetricsPublisher } from './metrics-publisher.ts';
import { advance } from './phases/advance.ts';
import type { Effects, TickInput } from './phases/step.ts';
import { settleOutcomes, terminate } from './phases/terminate.ts';
import { evaluateAborts, NO_ABORT } from './report/abort.ts';
import { advanceFrontier } from './report/frontier.ts';
import { buildResult } from './report/result.ts';
import { TargetPoller } from './target-poller.ts';
import { TaskLauncher } from './task-launcher.ts';
import { TaskPoller } from './task-poller.ts';

export interface CoordinatorOptions extends CheckpointerOptions {
  fleet: Fleet;
  /** Null: the target is not observed. */
  observer: TargetObserver | null;
  /** Absent: no metrics are published while the run is under way. */
  metricsSink?: MetricsSink;
}

/** As k6, which evaluates thresholds every two seconds (internal/metrics/engine). */
const THRESHOLD_INTERVAL_MS = 2000;

/** The parts that work on the run that this leg has claimed. */
interface Leg {
  taskPoller: TaskPoller;
  targetPoller: TargetPoller;
  metricsPublisher: MetricsPublisher;
}

/**
 * Drives one run from launch to result, tick by tick: `TaskPoller` and `TargetPoller` observe, `advance` decides,
 * `TaskLauncher` acts, `Checkpointer` persists and publishes.
 *
 * It may crash between any two calls: a successor claims the run, restores the checkpoint and continues, with no window
 * counted twice or lost. Any number of coordinators may race for a run: the last to claim it drives it, the others throw
 * SupersededError and act no more. If there is no successor, the lease runs out and the workers stop by themselves.
 */
export class Coordinator {
  private readonly files: RunFiles;
  private readonly checkpointer: Checkpointer;
  private readonly launcher: TaskLauncher;
  private readonly schedule: Schedule<'thresholds'>;
  private ended: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: CoordinatorOptions) {
    const { plan, clock, fleet } = options;
    this.files = new RunFiles(options.store, plan.id);
    this.checkpointer = new Checkpointer(options);
    this.launcher = new TaskLauncher({ fleet, clock, tickMs: plan.timing.tickMs }, this.checkpointer);
    this.schedule = new Schedule(clock);
  }

  /**
   * Claims the run and drives it to its end, or until the leg is over.
   * @param leg `until`: Unix ms when the leg is over. The tick under way is completed, all is in the checkpoint, the tasks
   * keep running, and the next coordinator continues. There is at least one tick.
   * @returns null if the leg was over first
   * @throws SupersededError if another coordinator claims the run
   */
  run(): Promise<Result>;
  run(leg: { until?: number }): Promise<Result | null>;
  run({ until = Number.POSITIVE_INFINITY }: { until?: number } = {}): Promise<Result | null> {
    const result = this.coordinate(until);
    this.ended = result.catch(() => undefined);
    return result;
  }

  /** The phase of the run. */
  get phase(): Phase {
    return this.checkpointer.run.state.phase;
  }

  /** Kills every task and stops driving the run, which then has no result. */
  async killAll(): Promise<void> {
    this.launcher.halted = true;
    await this.launcher.killAll();
    await this.ended; // a launch may have been under way
    await this.launcher.killAll();
  }

  /**
   * Terminates a run that no coordinator drives any more: claims it, kills every task, and writes the result of what has
   * been measured. Idempotent; a run that has a result keeps it, and only tasks that are left are killed.
   * @returns null if there was a result already
   * @throws SupersededError if another coordinator claims the run
   */
  async terminate(reason: StopReason): Promise<Result | null> {
    const hadResult = await this.files.hasResult();
    await this.checkpointer.claim();
    if (hadResult || (await this.files.hasResult())) {
      await this.launcher.killAll();
      return null;
    }
    terminate(this.checkpointer.run.state, reason, this.options.clock.now());
    // Workers that read this stop their load even if they cannot be killed.
    await this.checkpointer.publish();
    // The result is written in any case; the second call throws if tasks cannot be killed.
    await this.launcher.killAll().catch(() => undefined);
    const leg = this.newLeg();
    await leg.taskPoller.poll();
    const result = await this.writeResult();
    await leg.metricsPublisher.endRun();
    await this.launcher.killAll(); // the superseded coordinator may have launched some more
    return result;
  }

  private newLeg(): Leg {
    const { clock, observer, metricsSink = null } = this.options;
    const { run } = this.checkpointer;
    const intervalMs = run.plan.timing.targetPollIntervalMs;
    return {
      taskPoller: new TaskPoller(run, this.options),
      targetPoller: new TargetPoller(run.state, { observer, clock, intervalMs }),
      metricsPublisher: new MetricsPublisher(run, { metricsSink, clock }),
    };
  }

  private async coordinate(until: number): Promise<Result | null> {
    const { clock, plan } = this.options;
    await this.checkpointer.claim();
    await this.checkpointer.publish();
    const leg = this.newLeg();
    try {
      for (let next = clock.now(); ; ) {
        await this.tick(leg);
        if (this.checkpointer.run.state.phase === 'finished') return await this.finish(leg);
        if (clock.now() >= until) return await this.pause(leg);
        // From the start of one tick to the start of the next; at once if a tick took longer.
        next = Math.max(next + plan.timing.tickMs, clock.now());
        await clock.sleep(next - clock.now());
        if (this.launcher.halted) throw new Error(`run ${plan.id} was killed`);
      }
    } finally {
      leg.targetPoller.close();
    }
  }

  private async tick(leg: Leg): Promise<void> {
    leg.targetPoller.pollIfDue();
    const input = await this.observe(leg);
    await this.carryOut(advance(this.checkpointer.run, input));
    await this.checkpointer.persistIfDue();
    leg.metricsPublisher.publishIfDue();
  }

  private async observe({ taskPoller }: Leg): Promise<TickInput> {
    const { clock, observer } = this.options;
    const [liveness, stopRequest] = await this.launcher.withLease(
      Promise.all([taskPoller.poll(), this.files.stopRequest()]),
    );
    const now = clock.now();
    advanceFrontier(this.checkpointer.run, now);
    const areThresholdsDue = this.schedule.isDue('thresholds', THRESHOLD_INTERVAL_MS);
    return {
      now,
      liveness,
      stopRequest,
      ...(areThresholdsDue ? evaluateAborts(this.checkpointer.run, now) : NO_ABORT),
      isTargetObserved: observer !== null,
    };
  }

  private async carryOut({ launch, kill, writeSummary }: Effects): Promise<void> {
    // The attempt that is replaced must be able to read so before the next one starts.
    if (launch.length > 0) await this.checkpointer.publish();
    if (kill.length > 0) await this.launcher.withLease(this.launcher.kill(kill));
    await this.launcher.launch(launch);
    if (writeSummary) await this.checkpointer.writeSummary();
  }

  /** Ends the leg, with all that it has read in the checkpoint. */
  private async pause({ targetPoller, metricsPublisher }: Leg): Promise<null> {
    targetPoller.close();
    await metricsPublisher.endLeg(() => this.checkpointer.checkpoint());
    return null;
  }

  private async finish({ targetPoller, metricsPublisher }: Leg): Promise<Result> {
    await targetPoller.readLast();
    const result = await this.writeResult();
    await this.launcher.shutDownTasks();
    await metricsPublisher.endRun();
    return result;
  }

  private async writeResult(): Promise<Result> {
    const { clock } = this.options;
    // A leg may have claimed a run that was being terminated, and then writes its result.
    settleOutcomes(this.checkpointer.run.state, clock.now());
    const result = buildResult(this.checkpointer.run, clock.now());
    await this.checkpointer.writeSummary();
    await this.checkpointer.checkpoint();
    await this.files.putResult(result);
    await this.checkpointer.renewLease();
    await this.checkpointer.writeProgress();
    return result;
  }
}
