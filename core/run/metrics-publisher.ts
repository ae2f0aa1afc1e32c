import { CONDITIONS, type IntervalMetrics, PUBLISH_INTERVAL_MS } from '../contract/interval-metrics.ts';
import type { Clock, MetricsSink } from '../ports.ts';
import { IntervalAggregator } from './report/interval-metrics.ts';
import { type Run, warn } from './state.ts';

/** How long the end of a leg waits for the sink, ms. */
const LAST_PUBLISH_MS = 5000;

export interface MetricsPublisherOptions {
  /** Null: nothing is published. */
  metricsSink: MetricsSink | null;
  clock: Clock;
}

/**
 * Publishes a run's interval metrics concurrently with the ticks, one interval at a time: a sink that hangs holds
 * nothing up, one that fails costs a warning. A leg that ends in order publishes every sample once. After a crash the
 * next leg publishes again what the last checkpoint did not hold.
 */
export class MetricsPublisher {
  private readonly aggregator: IntervalAggregator | null;
  private publishing: Promise<void> | null = null;
  private dueAt: number;

  constructor(
    private readonly run: Run,
    private readonly options: MetricsPublisherOptions,
  ) {
    this.aggregator = options.metricsSink === null ? null : new IntervalAggregator(run);
    this.dueAt = options.clock.now() + PUBLISH_INTERVAL_MS;
  }

  /** Publishes the interval since the last call, if it is over and the sink is free. */
  publishIfDue(): void {
    const now = this.options.clock.now();
    if (now < this.dueAt || this.publishing !== null) return;
    this.dueAt = now + PUBLISH_INTERVAL_MS;
    this.publish(this.nextInterval(now));
  }

  /**
   * Publishes the last interval of a leg.
   * @param checkpoint called before the interval is published, so that the next leg does not publish it again
   */
  async endLeg(checkpoint: () => Promise<void>): Promise<void> {
    await this.settle();
    const interval = this.nextInterval(this.options.clock.now());
    await checkpoint();
    this.publish(interval);
    await this.settle();
  }

  /** Publishes the last interval, and then zeros: the run is over. */
  async endRun(): Promise<void> {
    await this.endLeg(async () => {});
    this.publish(this.aggregator?.last(this.options.clock.now()) ?? null);
    await this.settle();
  }

  /** The interval up to now; the state keeps the conditions that it raises. */
  private nextInterval(now: number): IntervalMetrics | null {
    const { raisedConditions } = this.run.state;
    const interval = this.aggregator?.next(now) ?? null;
    for (const condition of CONDITIONS) {
      if (interval?.conditions[condition] && !raisedConditions.includes(condition)) raisedConditions.push(condition);
    }
    return interval;
  }

  private publish(interval: IntervalMetrics | null): void {
    const { metricsSink } = this.options;
    if (metricsSink === null || interval === null) return;
    const publishing = metricsSink
      .publish(interval)
      .catch((error: Error) => warn(this.run.state, `the metrics could not be published: ${error.message}`))
      .finally(() => {
        if (this.publishing === publishing) this.publishing = null;
      });
    this.publishing = publishing;
  }

  private async settle(): Promise<void> {
    if (this.publishing !== null) await Promise.race([this.publishing, this.options.clock.sleep(LAST_PUBLISH_MS)]);
  }
}
