/** What a run has come to, and how it is told: the checkpoint, control.json with its lease, and the live view. */
import { decodeJson, encodeJson } from '../contract/codec.ts';
import { type Control, SetupData } from '../contract/control.ts';
import { runKeys } from '../contract/keys.ts';
import type { Plan } from '../contract/plan.ts';
import type { Progress } from '../contract/progress.ts';
import { RunMetrics, type RunMetricsJson } from '../metrics/run-metrics.ts';
import { summaryData } from '../metrics/summary.ts';
import type { Clock, Compression, Store } from '../ports.ts';
import { Schedule } from '../schedule.ts';
import { progressOf } from './report/progress.ts';
import { testDurationMs } from './report/result.ts';
import { RunOwnership } from './run-ownership.ts';
import { controlOf, initialState, nextStart, type Run, type RunState } from './state.ts';

const PROGRESS_MS = 1000;

export interface CheckpointerOptions {
  plan: Plan;
  store: Store;
  clock: Clock;
  compression: Compression;
  onProgress?: (progress: Progress) => void;
}

/**
 * The checkpoint is written ahead of every control.json that says something new, so what the tasks have been told is
 * never news to the next coordinator.
 */
export class Checkpointer {
  state: RunState;
  metrics: RunMetrics;
  private readonly keys;
  private readonly files: RunOwnership;
  private readonly schedule: Schedule<'lease' | 'checkpoint' | 'progress'>;
  /** control.json as last written, without its lease. */
  private published = '';

  constructor(private readonly options: CheckpointerOptions) {
    const { plan, clock, store } = options;
    this.keys = runKeys(plan.id);
    this.files = new RunOwnership(store, plan.id);
    this.schedule = new Schedule(clock);
    this.state = initialState(plan, clock.now());
    this.metrics = new RunMetrics(plan.thresholds, { cellSeconds: plan.timing.cellSeconds });
  }

  get run(): Run {
    return { plan: this.options.plan, state: this.state, metrics: this.metrics };
  }

  /** Takes the run over from wherever it stands. @throws SupersededError */
  async claim(): Promise<void> {
    const { plan, clock, compression } = this.options;
    const { told, checkpoint } = await this.files.claim((control) =>
      this.withLeaseUntil(control ?? controlOf(this.state, 0)),
    );
    if (checkpoint !== null) {
      const text = new TextDecoder().decode(await compression.unzip(checkpoint));
      const saved = JSON.parse(text) as { state: RunState; merged: RunMetricsJson };
      // An older version's checkpoint lacks what has been added since.
      this.state = { ...this.state, ...saved.state };
      this.metrics = RunMetrics.fromJson(saved.merged, plan.thresholds);
    }
    // The last coordinator died before it could tell the moment of the start: it may be past by now.
    if (this.state.startAt !== null && told?.startAt == null) this.state.startAt = nextStart(plan, clock.now());
    this.state.legs += 1;
  }

  /** Tells the tasks where the run stands, once that is safe in the checkpoint. @throws SupersededError */
  async publish(): Promise<void> {
    await this.checkpoint();
    await this.writeControl();
  }

  /** What is due: news for the tasks, or else the lease; the checkpoint; the live view. @throws SupersededError */
  async persistIfDue(): Promise<void> {
    if (JSON.stringify(controlOf(this.state, 0)) !== this.published) await this.publish();
    else await this.renewLeaseIfDue();
    if (this.schedule.isDue('checkpoint', this.options.plan.timing.checkpointMs)) await this.checkpointWithinBudget();
    if (this.schedule.isDue('progress', PROGRESS_MS)) await this.writeProgress();
  }

  /** Renews the lease where that is due; says nothing new. @throws SupersededError */
  async renewLeaseIfDue(): Promise<void> {
    if (this.schedule.isDue('lease', this.options.plan.timing.renewMs)) await this.renewLease();
  }

  /** Says once more what was said last, and so that the run is still this coordinator's. @throws SupersededError */
  renewLease(): Promise<void> {
    return this.writeControl(JSON.parse(this.published) as Control);
  }

  /** @throws SupersededError */
  async checkpoint(): Promise<void> {
    const body = await this.options.compression.zip(
      JSON.stringify({ state: this.state, merged: this.metrics.toJson() }),
    );
    await this.files.writeCheckpoint(body);
  }

  async writeProgress(): Promise<void> {
    const { clock, plan, onProgress } = this.options;
    const progress = progressOf(plan, this.state, this.metrics, clock.now());
    onProgress?.(progress);
    await this.files.writeProgress(progress);
  }

  /** Writes what the script's handleSummary gets. */
  async writeSummary(): Promise<void> {
    const { plan, store, clock } = this.options;
    const body = await store.get(this.keys.setupData);
    const data = summaryData(this.metrics, plan, {
      testRunDurationMs: testDurationMs(this.state, clock.now()),
      setupData: body === null ? null : decodeJson(SetupData, body, 'setup-data.json'),
    });
    await store.put(this.keys.summaryInput, encodeJson(data));
  }

  /** Writes control.json, and so renews the lease. */
  private async writeControl(control = controlOf(this.state, 0)): Promise<void> {
    await this.files.writeControl(this.withLeaseUntil(control));
    this.published = JSON.stringify(control);
    this.schedule.postpone('lease', this.options.plan.timing.renewMs);
  }

  private withLeaseUntil(control: Control): Control {
    const { clock, plan } = this.options;
    return { ...control, leaseUntil: clock.now() + plan.timing.leaseMs };
  }

  /** Saves the state; the more that costs, the later the next time: it takes at most a twentieth of the time. */
  private async checkpointWithinBudget(): Promise<void> {
    const { clock, plan } = this.options;
    const from = clock.now();
    await this.checkpoint();
    this.schedule.postpone('checkpoint', Math.max(plan.timing.checkpointMs, 20 * (clock.now() - from)));
  }
}
