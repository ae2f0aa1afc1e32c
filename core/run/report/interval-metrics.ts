import type { IntervalMetrics } from '../../contract/interval-metrics.ts';
import type { Plan } from '../../contract/plan.ts';
import { liveStats } from '../../metrics/live.ts';
import type { RunMetrics } from '../../metrics/run-metrics.ts';
import type { RunState } from '../state.ts';
import { evaluateConditions, NO_CONDITIONS } from './conditions.ts';
import { addedBetween, type BucketCounts, bucketCounts } from './latency-delta.ts';

/** What had been merged at the end of the last interval. */
interface Totals {
  requests: number;
  failures: number;
  latency: BucketCounts;
}

/**
 * The vital signs of a run, interval by interval. Each says what was merged since the one before, so every sample is
 * in exactly one, however late its window came.
 *
 * A leg that crashes after an interval that its checkpoint does not hold makes the next leg tell that interval again:
 * the result counts nothing twice, CloudWatch may. A leg that ends in order loses and repeats nothing, if its last
 * checkpoint comes between the last interval and the telling of it.
 */
export class IntervalAggregator {
  private told: Totals;

  /** @param metrics as it is at the start of this leg: what it holds has been told */
  constructor(
    private readonly plan: Plan,
    metrics: RunMetrics,
  ) {
    this.told = totalsOf(metrics);
  }

  /**
   * The interval from the last call to now.
   * @param now Unix ms
   */
  next(state: RunState, merged: RunMetrics, now: number): IntervalMetrics {
    const totals = totalsOf(merged);
    const requests = totals.requests - this.told.requests;
    const failures = totals.failures - this.told.failures;
    const latency = addedBetween(this.told.latency, totals.latency, merged.trend('http_req_duration'));
    this.told = totals;
    const errorRate = requests > 0 ? failures / requests : 0;
    const reading = state.readings.at(-1);
    return {
      at: now,
      last: false,
      vus: liveStats(merged, now).vus,
      requests,
      failures,
      latency,
      target:
        reading === undefined ? null : { desired: reading.desired, running: reading.running, pending: reading.pending },
      tasksLost: state.tasks.filter(({ outcome }) => outcome !== null && outcome.lost !== null).length,
      ...evaluateConditions({ plan: this.plan, state, metrics: merged, now, errorRate }),
    };
  }

  /** What is told once the run is over, so that no alarm stays up: zeros. @param now Unix ms */
  last(now: number): IntervalMetrics {
    const observed = this.plan.target !== null && this.plan.target.observe !== null;
    return {
      at: now,
      last: true,
      vus: 0,
      requests: 0,
      failures: 0,
      latency: { values: [], counts: [] },
      target: observed ? { desired: 0, running: 0, pending: 0 } : null,
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
