import type { IntervalMetrics } from '../../contract/interval-metrics.ts';
import type { RunMetrics } from '../../metrics/run-metrics.ts';
import { isLost, type Run } from '../state.ts';
import { evaluateConditions, NO_CONDITIONS } from './conditions.ts';
import { addedBetween, type BucketCounts, bucketCounts } from './latency-delta.ts';
import { liveOf } from './progress.ts';

/** What had been measured by the end of an interval, since the start of the run. */
interface Totals {
  requests: number;
  failures: number;
  latency: BucketCounts;
}

/**
 * The metrics of a run, interval by interval. Each interval holds what was merged since the one before, so every sample
 * is in exactly one, however late its window arrived. The totals already published are not part of a checkpoint: a new
 * leg takes all that is in the metrics as published.
 */
export class IntervalAggregator {
  private published: Totals;

  constructor(private readonly run: Run) {
    this.published = totalsOf(run.metrics);
  }

  /**
   * The interval from the last call to now.
   * @param now Unix ms
   */
  next(now: number): IntervalMetrics {
    const { state, metrics } = this.run;
    const totals = totalsOf(metrics);
    const requests = totals.requests - this.published.requests;
    const failures = totals.failures - this.published.failures;
    const latency = addedBetween(this.published.latency, totals.latency, metrics.trend('http_req_duration'));
    this.published = totals;
    const errorRate = requests > 0 ? failures / requests : 0;
    const reading = state.readings.at(-1);
    return {
      at: now,
      last: false,
      vus: liveOf(this.run).vus,
      requests,
      failures,
      latency,
      target:
        reading === undefined ? null : { desired: reading.desired, running: reading.running, pending: reading.pending },
      tasksLost: state.tasks.filter(isLost).length,
      ...evaluateConditions({ ...this.run, now, errorRate }),
    };
  }

  /** Zeros, once the run is over, so that no alarm stays in ALARM. @param now Unix ms */
  last(now: number): IntervalMetrics {
    const isObserved = this.run.plan.target !== null && this.run.plan.target.observe !== null;
    return {
      at: now,
      last: true,
      vus: 0,
      requests: 0,
      failures: 0,
      latency: { values: [], counts: [] },
      target: isObserved ? { desired: 0, running: 0, pending: 0 } : null,
      scalingLagSeconds: 0,
      tasksLost: 0,
      conditions: { ...NO_CONDITIONS },
    };
  }
}

function totalsOf(metrics: RunMetrics): Totals {
  return {
    requests: metrics.counter('http_reqs').sum,
    failures: metrics.rate('http_req_failed').passes,
    latency: bucketCounts(metrics.trend('http_req_duration')),
  };
}
