import { decodeJson } from '../contract/codec.ts';
import { type StopReason, StopRequest } from '../contract/control.ts';
import { runKeys } from '../contract/keys.ts';
import type { Result } from '../contract/result.ts';
import type { Fleet, MetricsSink, TargetObserver } from '../ports.ts';
import { Schedule } from '../schedule.ts';
import { Checkpointer, type CheckpointerOptions } from './checkpointer.ts';
import { MetricsPublisher } from './metrics-publisher.ts';
import { advance } from './phases/advance.ts';
import type { Effects, TickInput } from './phases/step.ts';
import { settleOutcomes, terminate } from './phases/terminate.ts';
import { NO_ABORT, thresholdsToAbort } from './report/abort.ts';
import { buildResult } from './report/result.ts';
import { TargetPoller } from './target-poller.ts';
import { TaskLauncher } from './task-launcher.ts';
import { TaskPoller } from './task-poller.ts';

export interface CoordinatorOptions extends CheckpointerOptions {
  fleet: Fleet;
  /** Null: nobody looks at the target. */
  observer: TargetObserver | null;
  /** Absent: the vital signs are shown nowhere. */
  metricsSink?: MetricsSink;
}

/** k6 evaluates thresholds every two seconds (internal/metrics/engine). */
const JUDGE_MS = 2000;

/** What one leg works with; made when it has taken the run over. */
interface Leg {
  taskPoller: TaskPoller;
  targetPoller: TargetPoller;
  metricsPublisher: MetricsPublisher;
}

/**
 * Drives one run from launch to result. It can die between any two calls: another one reads the checkpoint and goes on,
 * with no window counted twice or lost. See `Checkpointer` for what is told when, `TaskPoller` and `TargetPoller` for what is
 * seen, `advance` for what follows from it, and `Tasks` for what is done.
 */
export class Coordinator {
  private readonly keys;
  private readonly checkpointer: Checkpointer;
  private readonly launcher: TaskLauncher;
  private readonly schedule: Schedule<'judge'>;
  private ended: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: CoordinatorOptions) {
    const { plan, clock, fleet } = options;
    this.keys = runKeys(plan.id);
    this.checkpointer = new Checkpointer(options);
    this.launcher = new TaskLauncher({ fleet, clock, tickMs: plan.timing.tickMs }, this.checkpointer);
    this.schedule = new Schedule(clock);
  }

  /**
   * Takes the run over from wherever it stands and brings it to its end.
   * @param leg `until`: Unix ms from which on it stops after the tick under way, with all it knows in the checkpoint
   * and everything still running; the next coordinator goes on. At least one tick is made.
   * @returns null where `until` came first
   * @throws SupersededError where another coordinator takes it over
   */
  run(): Promise<Result>;
  run(leg: { until?: number }): Promise<Result | null>;
  run({ until = Number.POSITIVE_INFINITY }: { until?: number } = {}): Promise<Result | null> {
    const result = this.coordinate(until);
    this.ended = result.catch(() => undefined);
    return result;
  }

  /** Ends every task at once and stops to conduct, for a run that cannot go on. */
  async killAll(): Promise<void> {
    this.launcher.halted = true;
    await this.launcher.killAll();
    await this.ended; // one last launch may have been under way
    await this.launcher.killAll();
  }

  /**
   * Ends a run that nobody conducts any more, where it stands: takes it over, ends every task, and writes the result of
   * what has been measured. May be called again, and after the run's end: then it only sees to it that no task is left.
   * @returns null where there was a result already
   * @throws SupersededError where another coordinator takes it over
   */
  async terminate(reason: StopReason): Promise<Result | null> {
    const { store } = this.options;
    const isOver = async () => (await store.get(this.keys.result)) !== null;
    const wasOver = await isOver();
    await this.checkpointer.claim();
    if (wasOver || (await isOver())) {
      await this.launcher.killAll();
      return null;
    }
    terminate(this.checkpointer.state, reason, this.options.clock.now());
    // The workers read that the run is finished, and send no more load even where they cannot be killed.
    await this.checkpointer.publish();
    // The result is owed where they cannot, too; the second call says why.
    await this.launcher.killAll().catch(() => undefined);
    const leg = this.newLeg();
    await leg.taskPoller.poll();
    settleOutcomes(this.checkpointer.state, this.options.clock.now());
    const result = await this.writeResult();
    await leg.metricsPublisher.endRun();
    await this.launcher.killAll(); // the coordinator that was superseded may have been about to launch some more
    return result;
  }

  private newLeg(): Leg {
    const { plan, clock, observer, metricsSink = null } = this.options;
    const { state, metrics } = this.checkpointer;
    return {
      taskPoller: new TaskPoller(this.options, state, metrics),
      targetPoller: new TargetPoller({ observer, clock, everyMs: plan.timing.targetPollIntervalMs }, state),
      metricsPublisher: new MetricsPublisher({ plan, metricsSink, clock }, state, metrics),
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
        if (this.checkpointer.state.phase === 'finished') return await this.finish(leg);
        if (clock.now() >= until) return await this.pause(leg);
        // From start to start, and at once where a tick has taken longer.
        next = Math.max(next + plan.timing.tickMs, clock.now());
        await clock.sleep(next - clock.now());
        if (this.launcher.halted) throw new Error(`run ${plan.id} was stopped at once`);
      }
    } finally {
      leg.targetPoller.close();
    }
  }

  private async tick(leg: Leg): Promise<void> {
    leg.targetPoller.poll();
    const input = await this.observe(leg);
    await this.carryOut(advance(this.checkpointer.run, input));
    await this.checkpointer.persistIfDue();
    leg.metricsPublisher.publishIfDue();
  }

  private async observe({ taskPoller }: Leg): Promise<TickInput> {
    const { store, plan, clock, observer } = this.options;
    const [liveness, stop] = await this.launcher.withLease(Promise.all([taskPoller.poll(), store.get(this.keys.stop)]));
    const now = clock.now();
    const { state, metrics } = this.checkpointer;
    return {
      now,
      liveness,
      stopRequest: stop === null ? null : decodeJson(StopRequest, stop, 'stop.json'),
      ...(this.schedule.isDue('judge', JUDGE_MS) ? thresholdsToAbort(plan, state, metrics, now) : NO_ABORT),
      isTargetObserved: observer !== null,
    };
  }

  private async carryOut({ launch, kill, writeSummary }: Effects): Promise<void> {
    // A replaced attempt must see that it no longer counts before its successor starts.
    if (launch.length > 0) await this.checkpointer.publish();
    if (kill.length > 0) await this.launcher.withLease(this.launcher.kill(kill));
    await this.launcher.launch(launch);
    if (writeSummary) await this.checkpointer.writeSummary();
  }

  /** The end of a leg: all that it has read is in the checkpoint. */
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
    const { clock, plan, store } = this.options;
    const { state, metrics } = this.checkpointer;
    const result = buildResult(plan, state, metrics, clock.now());
    await this.checkpointer.writeSummary();
    await this.checkpointer.checkpoint();
    await store.put(this.keys.result, `${JSON.stringify(result, null, 2)}\n`);
    await this.checkpointer.renewLease();
    await this.checkpointer.writeProgress();
    return result;
  }
}
