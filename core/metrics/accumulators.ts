import {
  type CounterValues,
  type GaugeValues,
  type MetricType,
  type RateValues,
  toNum,
  toNumber,
  type Values,
} from '../contract/window.ts';
import { Histogram } from './histogram.ts';

/** A sum: the same in any order of additions, up to floating-point rounding. */
export class Counter {
  readonly type = 'counter';
  sum = 0;

  add(values: CounterValues): void {
    this.sum += toNumber(values.sum);
  }

  merge(other: Counter): void {
    this.sum += other.sum;
  }

  toValues(): CounterValues {
    return { sum: toNum(this.sum) };
  }
}

/** The latest value and the extremes. Of two values of one moment the greater counts as the latest. */
export class Gauge {
  readonly type = 'gauge';
  /** 0 without samples, as in k6. */
  last = 0;
  /** Unix ms by the store's clock; -Infinity without samples. */
  at = Number.NEGATIVE_INFINITY;
  private low = Number.POSITIVE_INFINITY;
  private high = Number.NEGATIVE_INFINITY;

  /** @param clockOffsetMs the store's clock minus the clock of `values.at` */
  add(values: GaugeValues, clockOffsetMs = 0): void {
    const [last, at] = [toNumber(values.last), values.at + clockOffsetMs];
    if (at > this.at || (at === this.at && last > this.last)) {
      this.last = last;
      this.at = at;
    }
    this.low = Math.min(this.low, toNumber(values.min));
    this.high = Math.max(this.high, toNumber(values.max));
  }

  toValues(): GaugeValues {
    return { last: toNum(this.last), at: this.at, min: toNum(this.low), max: toNum(this.high) };
  }

  get min(): number {
    return this.at === Number.NEGATIVE_INFINITY ? 0 : this.low;
  }

  get max(): number {
    return this.at === Number.NEGATIVE_INFINITY ? 0 : this.high;
  }
}

export class Rate {
  readonly type = 'rate';
  passes = 0;
  total = 0;

  get fails(): number {
    return this.total - this.passes;
  }

  add(values: RateValues): void {
    this.passes += values.passes;
    this.total += values.total;
  }

  merge(other: Rate): void {
    this.passes += other.passes;
    this.total += other.total;
  }

  toValues(): RateValues {
    return { passes: this.passes, total: this.total };
  }
}

/** The samples of a metric, or of a part of it, added up. `add(toValues())` on a new one makes a copy. */
export type Accumulator = Counter | Gauge | Rate | Histogram;

export function createAccumulator(type: MetricType): Accumulator {
  switch (type) {
    case 'counter':
      return new Counter();
    case 'gauge':
      return new Gauge();
    case 'rate':
      return new Rate();
    case 'trend':
      return new Histogram();
  }
}

/**
 * @param values of the accumulator's own type: a metric has one type in all tasks, which all run one script
 * @param clockOffsetMs the store's clock minus the clock of a gauge's `at`
 */
export function addValues(accumulator: Accumulator, values: Values, clockOffsetMs = 0): void {
  accumulator.add(values as never, clockOffsetMs);
}

/** The sum of a counter's values. */
export function sumOf(values: Values): number {
  return 'sum' in values ? toNumber(values.sum) : 0;
}
