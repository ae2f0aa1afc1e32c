import { decodeJson, encodeJson } from '../contract/codec.ts';
import { runKeys, taskKeys } from '../contract/keys.ts';
import type { Plan } from '../contract/plan.ts';
import type { Progress } from '../contract/progress.ts';
import type { Result } from '../contract/result.ts';
import { type Control, SetupData, StopRequest, TaskState } from '../contract/run.ts';
import type { Window } from '../contract/window.ts';
import { addWindow, emptyMerged, fromJson, type Merged, type MergedJson, toJson } from '../metrics/merged.ts';
import { summaryData } from '../metrics/summary.ts';
import { judge } from '../metrics/thresholds.ts';
import type { Clock, Compression, Fleet, Store, TargetObserver, TaskLiveness } from '../ports.ts';
import { advance } from './advance.ts';
import { ContestedFiles } from './contested-files.ts';
import { progressOf } from './progress.ts';
import { buildResult, testDurationMs } from './result.ts';
import { addReading, controlOf, initialState, nextStart, type RunState } from './state.ts';
import type { Effects } from './step.ts';

export interface CoordinatorOptions {
  plan: Plan;
  store: Store;
  fleet: Fleet;
  /** Null: nobody looks at the target. */
  observer: TargetObserver | null;
  clock: Clock;
  compression: Compression;
  onProgress?: (progress: Progress) => void;
}

/** k6 evaluates thresholds every two seconds (internal/metrics/engine). */
const JUDGE_MS = 2000;
const OBSERVE_MS = 1000;
const PROGRESS_MS = 1000;
/** A task whose windows stay away for so many window intervals, and two seconds, ships late. */
const LATE_WINDOWS = 5;
/** How long workers may take to leave once the run is finished, before they are killed, ms. */
const LEAVE_MS = 10_000;

/**
 * Drives one run from launch to result. It can die between any two calls: another one reads the checkpoint and goes on,
 * with no window counted twice or lost.
 *
 * The checkpoint is written ahead of every control.json that says something new, so what the tasks have been told is
 * never news to the next coordinator.
 */
export class Coordinator {
  private readonly keys;
  private readonly files: ContestedFiles;
  private state: RunState;
  private merged: Merged;
  private readonly lastWindowAt = new Map<number, number>();
  private readonly due = new Map<string, number>();
  /** control.json as last written, without its lease. */
  private told = '';
  private halted = false;
  private over: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: CoordinatorOptions) {
    const { plan, clock, store } = options;
    this.keys = runKeys(plan.id);
    this.files = new ContestedFiles(store, plan.id);
    this.state = initialState(plan, clock.now());
    this.merged = emptyMerged(plan.thresholds, { cellSeconds: plan.timing.cellSeconds });
  }

  /**
   * Takes the run over from wherever it stands and brings it to its end.
   * @throws SupersededError where another coordinator takes it over.
   */
  run(): Promise<Result> {
    const result = this.conduct();
    this.over = result.catch(() => undefined);
    return result;
  }

  /** Ends every task at once and stops to conduct, for a run that cannot go on. */
  async killAll(): Promise<void> {
    this.halted = true;
    await this.killTasks();
    await this.over; // one last launch may have been under way
    await this.killTasks();
  }

  private async killTasks(): Promise<void> {
    const { fleet } = this.options;
    await Promise.all(this.state.tasks.map(({ attempt }, task) => fleet.kill({ task, attempt })));
  }

  private async conduct(): Promise<Result> {
    await this.takeOver();
    const { clock, plan } = this.options;
    for (;;) {
      await this.tick();
      if (this.state.phase === 'finished') return this.finish();
      await clock.sleep(plan.timing.tickMs);
      if (this.halted) throw new Error(`run ${plan.id} was stopped at once`);
    }
  }

  private async takeOver(): Promise<void> {
    const { plan, clock, compression } = this.options;
    const { told, checkpoint } = await this.files.takeOver((control) =>
      this.leased(control ?? controlOf(this.state, 0)),
    );
    if (checkpoint !== null) {
      const text = new TextDecoder().decode(await compression.unzip(checkpoint));
      const saved = JSON.parse(text) as { state: RunState; merged: MergedJson };
      this.state = saved.state;
      this.merged = fromJson(saved.merged, plan.thresholds);
    }
    // The last coordinator died before it could tell the moment of the start: it may be past by now.
    if (this.state.startAt !== null && told?.startAt == null) this.state.startAt = nextStart(plan, clock.now());
    this.state.legs += 1;
    await this.tell();
  }

  private async tick(): Promise<void> {
    const { clock, plan, store } = this.options;
    // A target that answers slowly must not hold up the run.
    const [liveness] = await Promise.all([this.readTasks(), this.observe()]);
    await this.readWindows();
    const now = clock.now();
    const stop = await store.get(this.keys.stop);
    const effects = advance(this.state, plan, {
      now,
      liveness,
      stopRequest: stop === null ? null : decodeJson(StopRequest, stop, 'stop.json'),
      abort: this.thresholdsToAbort(now),
    });
    await this.carryOut(effects);
    if (JSON.stringify(controlOf(this.state, 0)) !== this.told) await this.tell();
    else if (this.isDue('lease', plan.timing.renewMs)) await this.writeControl();
    if (this.isDue('checkpoint', plan.timing.checkpointMs)) await this.checkpointInTime();
    if (this.isDue('progress', PROGRESS_MS)) await this.tellProgress();
  }

  // --- looking ----------------------------------------------------------------------------------------------------

  /** Reads what every task says of itself and what the fleet says of it. */
  private readTasks(): Promise<TaskLiveness[]> {
    const { fleet, store, plan } = this.options;
    return Promise.all(
      this.state.tasks.map(async (record, task): Promise<TaskLiveness> => {
        if (record.launchedAt === null) return { state: 'gone', reason: 'it was never launched' };
        // First whether it lives, then its word and its windows: what a dead task left is then complete.
        const liveness = await fleet.liveness({ task, attempt: record.attempt });
        const body = await store.get(taskKeys(plan.id, task, record.attempt).state);
        if (body !== null) record.word = decodeJson(TaskState, body, `state.json of task ${task}`);
        return liveness;
      }),
    );
  }

  private async readWindows(): Promise<void> {
    const { clock } = this.options;
    await Promise.all(this.state.tasks.map((_, task) => this.readWindowsOf(task)));
    if (this.state.phase !== 'running') return;
    const { windowMs } = this.options.plan.timing;
    for (const [task, at] of this.lastWindowAt) {
      const lag = clock.now() - at - windowMs;
      if (this.state.tasks[task]?.outcome !== null || lag < LATE_WINDOWS * windowMs + 2000) continue;
      this.state.late[task] = Math.max(this.state.late[task] ?? 0, lag);
    }
  }

  private async readWindowsOf(task: number): Promise<void> {
    const { store, plan, clock, compression } = this.options;
    const record = this.state.tasks[task];
    if (record === undefined || record.launchedAt === null) return;
    const keys = taskKeys(plan.id, task, record.attempt);
    for (;;) {
      const body = await store.get(keys.window(record.merged));
      if (body === null) return;
      const window = JSON.parse(new TextDecoder().decode(await compression.unzip(body))) as Window;
      addWindow(this.merged, window, {
        startAtMs: this.state.startAt,
        clockOffsetMs: record.word?.clockOffsetMs ?? 0,
      });
      record.merged += 1;
      this.lastWindowAt.set(task, clock.now());
    }
  }

  private async observe(): Promise<void> {
    const { observer } = this.options;
    if (observer === null || !this.isDue('observe', OBSERVE_MS)) return;
    try {
      const { reading, events } = await observer.observe(0);
      if (reading !== null) addReading(this.state.readings, reading);
      this.state.events.push(...events);
    } catch (error) {
      this.warn(`the target's scaling could not be read: ${(error as Error).message}`);
    }
  }

  /** The failing keys, where one of them asks for an abort. */
  private thresholdsToAbort(now: number): string[] | null {
    const { plan } = this.options;
    if (this.state.phase !== 'running' || !this.isDue('judge', JUDGE_MS)) return null;
    const verdicts = judge(this.merged, plan.thresholds, testDurationMs(this.state, now), { final: false });
    return verdicts.some(({ abort }) => abort) ? verdicts.filter(({ ok }) => !ok).map(({ key }) => key) : null;
  }

  // --- doing ------------------------------------------------------------------------------------------------------

  private async carryOut(effects: Effects): Promise<void> {
    const { fleet, store } = this.options;
    if (effects.launch.length > 0) {
      // A replaced attempt must see that it no longer counts before its successor starts.
      await this.tell();
      for (const ref of effects.kill) await fleet.kill(ref);
      for (const ref of effects.launch) if (!this.halted) await fleet.launch(ref);
    } else {
      for (const ref of effects.kill) await fleet.kill(ref);
    }
    if (effects.writeSummary) await store.put(this.keys.summaryInput, encodeJson(await this.summary()));
  }

  /** Tells the tasks where the run stands, once that is safe in the checkpoint. */
  private async tell(): Promise<void> {
    await this.checkpoint();
    await this.writeControl();
  }

  /** Writes control.json, and so renews the lease. @throws SupersededError */
  private async writeControl(): Promise<void> {
    const { clock, plan } = this.options;
    const control = controlOf(this.state, 0);
    await this.files.writeControl(this.leased(control));
    this.told = JSON.stringify(control);
    this.due.set('lease', clock.now() + plan.timing.renewMs);
  }

  private leased(control: Control): Control {
    const { clock, plan } = this.options;
    return { ...control, leaseUntil: clock.now() + plan.timing.leaseMs };
  }

  private async checkpoint(): Promise<void> {
    const body = await this.options.compression.zip(JSON.stringify({ state: this.state, merged: toJson(this.merged) }));
    await this.files.writeCheckpoint(body);
  }

  /** Saves the state; the more that costs, the later the next time: it takes at most a twentieth of the time. */
  private async checkpointInTime(): Promise<void> {
    const { clock, plan } = this.options;
    const from = clock.now();
    await this.checkpoint();
    const cost = clock.now() - from;
    this.due.set('checkpoint', clock.now() + Math.max(plan.timing.checkpointMs, 20 * cost));
  }

  private async tellProgress(): Promise<void> {
    const { clock, plan, onProgress } = this.options;
    const progress = progressOf(plan, this.state, this.merged, clock.now());
    onProgress?.(progress);
    await this.files.writeProgress(progress);
  }

  private async finish(): Promise<Result> {
    const { clock, plan, store } = this.options;
    const result = buildResult(plan, this.state, this.merged, clock.now());
    await store.put(this.keys.summaryInput, encodeJson(await this.summary()));
    await this.checkpoint();
    await store.put(this.keys.result, `${JSON.stringify(result, null, 2)}\n`);
    await this.writeControl();
    await this.tellProgress();
    await this.sendHome();
    return result;
  }

  /** Waits for the workers to leave, and sees to it that they do. */
  private async sendHome(): Promise<void> {
    const { clock, fleet } = this.options;
    const until = clock.now() + LEAVE_MS;
    for (const [task, { attempt, launchedAt }] of this.state.tasks.entries()) {
      if (launchedAt === null) continue;
      while ((await fleet.liveness({ task, attempt })).state === 'alive' && clock.now() < until) await clock.sleep(20);
      await fleet.kill({ task, attempt });
    }
  }

  /** What the script's handleSummary gets. */
  private async summary() {
    const { plan, store, clock } = this.options;
    const body = await store.get(this.keys.setupData);
    const data = body === null ? null : decodeJson(SetupData, body, 'setup-data.json');
    return summaryData(this.merged, plan, {
      testRunDurationMs: testDurationMs(this.state, clock.now()),
      setupData: data,
    });
  }

  private warn(message: string): void {
    if (!this.state.warnings.includes(message)) this.state.warnings.push(message);
  }

  private isDue(what: string, everyMs: number): boolean {
    const now = this.options.clock.now();
    if (now < (this.due.get(what) ?? 0)) return false;
    this.due.set(what, now + everyMs);
    return true;
  }
}
