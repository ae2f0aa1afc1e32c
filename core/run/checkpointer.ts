import type { Control } from '../contract/control.ts';
import type { Plan } from '../contract/plan.ts';
import { PROGRESS_INTERVAL_MS, type Progress } from '../contract/progress.ts';
import { RunFiles } from '../contract/run-files.ts';
import { FULL_SUMMARY_SECTIONS, RunMetrics, type RunMetricsJson } from '../metrics/run-metrics.ts';
import { summaryData } from '../metrics/summary.ts';
import type { Clock, Compression, Store } from '../ports.ts';
import { Schedule } from '../schedule.ts';
import { progressOf } from './report/progress.ts';
import { testTimes } from './report/result.ts';
import { RunOwnership } from './run-ownership.ts';
import { controlOf, initialState, nextStart, type Run, type RunState } from './state.ts';

export interface CheckpointerOptions {
  plan: Plan;
  store: Store;
  clock: Clock;
  compression: Compression;
  onProgress?: (progress: Progress) => void;
}

/**
 * Persists and publishes a run: its checkpoint, control.json with the lease, and progress.json.
 *
 * Every control.json with a new state is preceded by a checkpoint of that state, so a coordinator may crash between any
 * two calls: its successor knows at least what the workers may have acted on. Of two coordinators only the one that
 * claimed the run last can write: the other gets a SupersededError at its next write, and must not act any more.
 */
export class Checkpointer {
  private current: Run;
  private readonly files: RunFiles;
  private readonly ownership: RunOwnership;
  private readonly schedule: Schedule<'lease' | 'checkpoint' | 'progress'>;
  /** control.json as last published, without its lease. */
  private published = '';

  constructor(private readonly options: CheckpointerOptions) {
    const { plan, clock, store } = options;
    this.files = new RunFiles(store, plan.id);
    this.ownership = new RunOwnership(this.files);
    this.schedule = new Schedule(clock);
    this.current = {
      plan,
      state: initialState(plan, clock.now()),
      metrics: new RunMetrics(plan.thresholds, {
        cellSeconds: plan.timing.cellSeconds,
        maxSections: plan.summary.mode === 'full' ? FULL_SUMMARY_SECTIONS : 0,
      }),
    };
  }

  /** Another object after `claim`, since the run then is the checkpoint's. */
  get run(): Run {
    return this.current;
  }

  /** Claims the run and restores its last checkpoint. @throws SupersededError if another coordinator claims it now */
  async claim(): Promise<void> {
    const { plan, clock, compression } = this.options;
    const { published, checkpoint } = await this.ownership.claim((control) =>
      this.withLeaseUntil(control ?? controlOf(this.run.state, 0)),
    );
    if (checkpoint !== null) {
      const text = new TextDecoder().decode(await compression.unzip(checkpoint));
      const saved = JSON.parse(text) as { state: RunState; metrics: RunMetricsJson };
      this.current = {
        plan,
        // The checkpoint of an older version lacks fields that have been added since.
        state: { ...this.run.state, ...saved.state },
        metrics: RunMetrics.fromJson(saved.metrics, plan.thresholds),
      };
    }
    const { state } = this.run;
    // The predecessor crashed before it published the start, which may be in the past by now.
    if (state.startAt !== null && published?.startAt == null) state.startAt = nextStart(plan, clock.now());
    state.legs += 1;
  }

  /** Publishes the state to the workers, after a checkpoint of it. @throws SupersededError */
  async publish(): Promise<void> {
    await this.checkpoint();
    await this.writeControl(controlOf(this.run.state, 0));
  }

  /** Publishes a state that has changed, or else renews the lease; writes checkpoint and progress. Each if due. @throws SupersededError */
  async persistIfDue(): Promise<void> {
    if (JSON.stringify(controlOf(this.run.state, 0)) !== this.published) await this.publish();
    else await this.renewLeaseIfDue();
    if (this.schedule.isDue('checkpoint', this.options.plan.timing.checkpointMs)) await this.checkpointWithinBudget();
    if (this.schedule.isDue('progress', PROGRESS_INTERVAL_MS)) await this.writeProgress();
  }

  /** Renews the lease if it is due, without publishing anything new. @throws SupersededError */
  async renewLeaseIfDue(): Promise<void> {
    if (this.schedule.isDue('lease', this.options.plan.timing.renewMs)) await this.renewLease();
  }

  /** Renews the lease, without publishing anything new. @throws SupersededError */
  renewLease(): Promise<void> {
    return this.writeControl(JSON.parse(this.published) as Control);
  }

  /** @throws SupersededError */
  async checkpoint(): Promise<void> {
    const { state, metrics } = this.run;
    const body = await this.options.compression.zip(JSON.stringify({ state, metrics: metrics.toJson() }));
    await this.ownership.writeCheckpoint(body);
  }

  /** @throws SupersededError */
  async writeProgress(): Promise<void> {
    const { clock, onProgress } = this.options;
    const progress = progressOf(this.run, clock.now());
    onProgress?.(progress);
    await this.ownership.writeProgress(progress);
  }

  /** Writes the input of the script's handleSummary(). */
  async writeSummary(): Promise<void> {
    const { plan, clock } = this.options;
    const data = summaryData(this.run.metrics, plan, {
      times: testTimes(this.run.state, clock.now()),
    });
    await this.files.putSummaryInput(data);
  }

  /** Writes control.json, which renews the lease. */
  private async writeControl(control: Control): Promise<void> {
    await this.ownership.writeControl(this.withLeaseUntil(control));
    this.published = JSON.stringify(control);
    this.schedule.postpone('lease', this.options.plan.timing.renewMs);
  }

  private withLeaseUntil(control: Control): Control {
    const { clock, plan } = this.options;
    return { ...control, leaseUntil: clock.now() + plan.timing.leaseMs };
  }

  /** Writes a checkpoint. The longer it takes, the later the next one: at most a twentieth of the time is spent on it. */
  private async checkpointWithinBudget(): Promise<void> {
    const { clock, plan } = this.options;
    const from = clock.now();
    await this.checkpoint();
    this.schedule.postpone('checkpoint', Math.max(plan.timing.checkpointMs, 20 * (clock.now() - from)));
  }
}
