/** Shows the vital signs elsewhere, beside the ticks: nobody there may hold up the run. */

import { CONDITIONS, type IntervalMetrics } from '../contract/interval-metrics.ts';
import type { Plan } from '../contract/plan.ts';
import type { RunMetrics } from '../metrics/run-metrics.ts';
import type { Clock, MetricsSink } from '../ports.ts';
import { IntervalAggregator } from './report/interval-metrics.ts';
import { type RunState, warn } from './state.ts';

/** A standard metric of CloudWatch has one value a minute, made of whatever came in it; an alarm looks no closer. */
const SHOW_MS = 10_000;
/** How long the end of a leg waits for what is still to be shown, ms. */
const LAST_SHOW_MS = 5000;

export class MetricsPublisher {
  private readonly aggregator: IntervalAggregator | null;
  private publishing: Promise<void> | null = null;
  private dueAt: number;

  constructor(
    private readonly options: { plan: Plan; metricsSink: MetricsSink | null; clock: Clock },
    private readonly state: RunState,
    private readonly metrics: RunMetrics,
  ) {
    this.aggregator = options.metricsSink === null ? null : new IntervalAggregator(options.plan, metrics);
    this.dueAt = options.clock.now() + SHOW_MS;
  }

  /** Shows the interval since the last time, once it is over. */
  publishIfDue(): void {
    const now = this.options.clock.now();
    if (now < this.dueAt || this.publishing !== null) return;
    this.dueAt = now + SHOW_MS;
    this.publish(this.next(now));
  }

  /**
   * Shows what a leg has still to show.
   * @param save keeps what the leg knows, before anything is shown of it: no interval is told twice
   */
  async endLeg(save: () => Promise<void>): Promise<void> {
    await this.settle();
    const interval = this.next(this.options.clock.now());
    await save();
    this.publish(interval);
    await this.settle();
  }

  /** Shows that the run is over. */
  async endRun(): Promise<void> {
    await this.endLeg(async () => {});
    this.publish(this.aggregator?.last(this.options.clock.now()) ?? null);
    await this.settle();
  }

  /** The signs of the interval up to now; what they raise is in the state. */
  private next(now: number): IntervalMetrics | null {
    const interval = this.aggregator?.next(this.state, this.metrics, now) ?? null;
    for (const condition of CONDITIONS) {
      if (interval?.conditions[condition] && !this.state.raisedConditions.includes(condition))
        this.state.raisedConditions.push(condition);
    }
    return interval;
  }

  private publish(interval: IntervalMetrics | null): void {
    const { metricsSink } = this.options;
    if (metricsSink === null || interval === null) return;
    const shown = metricsSink
      .publish(interval)
      .catch((error: Error) => warn(this.state, `the vital signs could not be shown: ${error.message}`))
      .finally(() => {
        if (this.publishing === shown) this.publishing = null;
      });
    this.publishing = shown;
  }

  private async settle(): Promise<void> {
    if (this.publishing !== null) await Promise.race([this.publishing, this.options.clock.sleep(LAST_SHOW_MS)]);
  }
}
