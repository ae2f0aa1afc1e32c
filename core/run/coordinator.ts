import { decodeJson } from '../contract/codec.ts';
import { type StopReason, StopRequest } from '../contract/control.ts';
import { runKeys } from '../contract/keys.ts';
import type { Result } from '../contract/result.ts';
import type { Fleet, Monitor, TargetObserver } from '../ports.ts';
import { Schedule } from '../schedule.ts';
import { Journal, type JournalOptions } from './checkpointer.ts';
import { VitalsFeed } from './metrics-publisher.ts';
import { advance } from './phases/advance.ts';
import { targetOpenUntil } from './phases/observing.ts';
import type { Effects, Seen } from './phases/step.ts';
import { abandoned, endTasks } from './phases/terminate.ts';
import { NO_ABORT, thresholdsToAbort } from './report/abort.ts';
import { buildResult } from './report/result.ts';
import { TargetWatch } from './target-poller.ts';
import { Tasks } from './task-launcher.ts';
import { Looker } from './task-poller.ts';

export interface CoordinatorOptions extends JournalOptions {
  fleet: Fleet;
  /** Null: nobody looks at the target. */
  observer: TargetObserver | null;
  /** Absent: the vital signs are shown nowhere. */
  monitor?: Monitor;
}

/** k6 evaluates thresholds every two seconds (internal/metrics/engine). */
const JUDGE_MS = 2000;

/** What one leg works with; made when it has taken the run over. */
interface Leg {
  looker: Looker;
  watch: TargetWatch;
  feed: VitalsFeed;
}

/**
 * Drives one run from launch to result. It can die between any two calls: another one reads the checkpoint and goes on,
 * with no window counted twice or lost. See `Journal` for what is told when, `Looker` and `TargetWatch` for what is
 * seen, `advance` for what follows from it, and `Tasks` for what is done.
 */
export class Coordinator {
  private readonly keys;
  private readonly journal: Journal;
  private readonly tasks: Tasks;
  private readonly schedule: Schedule<'judge'>;
  private over: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: CoordinatorOptions) {
    const { plan, clock, fleet } = options;
    this.keys = runKeys(plan.id);
    this.journal = new Journal(options);
    this.tasks = new Tasks({ fleet, clock, tickMs: plan.timing.tickMs }, this.journal);
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
    const result = this.conduct(until);
    this.over = result.catch(() => undefined);
    return result;
  }

  /** Ends every task at once and stops to conduct, for a run that cannot go on. */
  async killAll(): Promise<void> {
    this.tasks.halted = true;
    await this.tasks.killAll();
    await this.over; // one last launch may have been under way
    await this.tasks.killAll();
  }

  /**
   * Ends a run that nobody conducts any more, where it stands: takes it over, ends every task, and writes the result of
   * what has been measured. May be called again, and after the run's end: then it only sees to it that no task is left.
   * @returns null where there was a result already
   * @throws SupersededError where another coordinator takes it over
   */
  async abandon(reason: StopReason): Promise<Result | null> {
    const { store } = this.options;
    const isOver = async () => (await store.get(this.keys.result)) !== null;
    const wasOver = await isOver();
    await this.journal.takeOver();
    if (wasOver || (await isOver())) {
      await this.tasks.killAll();
      return null;
    }
    abandoned(this.journal.state, reason, this.options.clock.now());
    // The workers read that the run is finished, and send no more load even where they cannot be killed.
    await this.journal.tell();
    // The result is owed where they cannot, too; the second call says why.
    await this.tasks.killAll().catch(() => undefined);
    const leg = this.newLeg();
    await leg.looker.look();
    endTasks(this.journal.state, this.options.clock.now());
    const result = await this.writeResult();
    await leg.feed.endRun();
    await this.tasks.killAll(); // the coordinator that was superseded may have been about to launch some more
    return result;
  }

  private newLeg(): Leg {
    const { plan, clock, observer, monitor = null } = this.options;
    const { state, merged } = this.journal;
    return {
      looker: new Looker(this.options, state, merged),
      watch: new TargetWatch({ observer, clock, everyMs: plan.timing.observeMs }, state),
      feed: new VitalsFeed({ plan, monitor, clock }, state, merged),
    };
  }

  private async conduct(until: number): Promise<Result | null> {
    const { clock, plan } = this.options;
    await this.journal.takeOver();
    await this.journal.tell();
    const leg = this.newLeg();
    try {
      for (let next = clock.now(); ; ) {
        await this.tick(leg);
        if (this.journal.state.phase === 'finished') return await this.finish(leg);
        if (clock.now() >= until) return await this.pause(leg);
        // From start to start, and at once where a tick has taken longer.
        next = Math.max(next + plan.timing.tickMs, clock.now());
        await clock.sleep(next - clock.now());
        if (this.tasks.halted) throw new Error(`run ${plan.id} was stopped at once`);
      }
    } finally {
      leg.watch.close();
    }
  }

  private async tick(leg: Leg): Promise<void> {
    leg.watch.poll();
    const seen = await this.see(leg);
    await this.carryOut(advance(this.journal.state, this.options.plan, seen));
    await this.journal.keepUp();
    leg.feed.poll();
  }

  private async see({ looker, watch }: Leg): Promise<Seen> {
    const { store, plan, clock } = this.options;
    const [liveness, stop] = await this.tasks.keepingLease(Promise.all([looker.look(), store.get(this.keys.stop)]));
    const now = clock.now();
    const { state, merged } = this.journal;
    return {
      now,
      liveness,
      stopRequest: stop === null ? null : decodeJson(StopRequest, stop, 'stop.json'),
      ...(this.schedule.isDue('judge', JUDGE_MS) ? thresholdsToAbort(plan, state, merged, now) : NO_ABORT),
      watchUntil: () => (watch.isWatching ? targetOpenUntil(plan, state, merged, now) : null),
    };
  }

  private async carryOut({ launch, kill, writeSummary }: Effects): Promise<void> {
    // A replaced attempt must see that it no longer counts before its successor starts.
    if (launch.length > 0) await this.journal.tell();
    if (kill.length > 0) await this.tasks.keepingLease(this.tasks.kill(kill));
    await this.tasks.launch(launch);
    if (writeSummary) await this.journal.writeSummary();
  }

  /** The end of a leg: all that it has read is in the checkpoint. */
  private async pause({ watch, feed }: Leg): Promise<null> {
    watch.close();
    await feed.endLeg(() => this.journal.checkpoint());
    return null;
  }

  private async finish({ watch, feed }: Leg): Promise<Result> {
    await watch.readLast();
    const result = await this.writeResult();
    await this.tasks.sendHome();
    await feed.endRun();
    return result;
  }

  private async writeResult(): Promise<Result> {
    const { clock, plan, store } = this.options;
    const { state, merged } = this.journal;
    const result = buildResult(plan, state, merged, clock.now());
    await this.journal.writeSummary();
    await this.journal.checkpoint();
    await store.put(this.keys.result, `${JSON.stringify(result, null, 2)}\n`);
    await this.journal.renewLease();
    await this.journal.tellProgress();
    return result;
  }
}
