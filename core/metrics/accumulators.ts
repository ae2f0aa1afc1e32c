import type { CounterValues, GaugeValues, MetricType, RateValues, Values } from '../contract/window.ts';
import { Histogram } from './histogram.ts';
import { toNum, toNumber } from './num.ts';

/** Sums up. Equal up to floating-point order however it is merged. */
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

/** Keeps the latest value and the extremes. Of two values of the same moment the greater counts as the latest. */
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
    this.take(toNumber(values.last), values.at + clockOffsetMs, toNumber(values.min), toNumber(values.max));
  }

  merge(other: Gauge): void {
    this.take(other.last, other.at, other.low, other.high);
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

  private take(last: number, at: number, low: number, high: number): void {
    if (at > this.at || (at === this.at && last > this.last)) {
      this.last = last;
      this.at = at;
    }
    this.low = Math.min(this.low, low);
    this.high = Math.max(this.high, high);
  }
}

export class Rate {
  readonly type = 'rate';
  passes = 0;
  total = 0;

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

/** What is known of the samples of a metric, or of a part of it. Its own `Values` are also its form in the checkpoint. */
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

/** @param values of the accumulator's own type: a metric has one type in all tasks, because all run one script */
export function addValues(into: Accumulator, values: Values, clockOffsetMs: number): void {
  into.add(values as never, clockOffsetMs);
}

/** @param from of the same type as `into` */
export function mergeAccumulator(into: Accumulator, from: Accumulator): void {
  into.merge(from as never);
}

export function accumulatorOf(type: MetricType, values: Values): Accumulator {
  const accumulator = createAccumulator(type);
  addValues(accumulator, values, 0);
  return accumulator;
}
