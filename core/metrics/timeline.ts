import type { CounterValues, RateValues, TrendValues, Values } from '../contract/window.ts';
import { Histogram } from './histogram.ts';
import { toNumber } from './num.ts';

const COUNTS = ['requests', 'failed', 'iterations', 'dropped', 'checksFailed', 'received', 'sent'] as const;

export interface PointJson {
  t: number;
  /** In the order of COUNTS. */
  counts: number[];
  duration: TrendValues;
}

/** What happened in one interval. Additive. */
export class Point {
  requests = 0;
  failed = 0;
  iterations = 0;
  dropped = 0;
  checksFailed = 0;
  /** Bytes. */
  received = 0;
  sent = 0;
  /** http_req_duration, ms. */
  readonly duration = new Histogram();

  /** Adds the values of a part of a metric; most metrics have no share in a point. */
  add(metric: string, values: Values): void {
    switch (metric) {
      case 'http_reqs':
        this.requests += sumOf(values);
        break;
      case 'http_req_failed':
        this.failed += (values as RateValues).passes;
        break;
      case 'http_req_duration':
        this.duration.add(values as TrendValues);
        break;
      case 'iterations':
        this.iterations += sumOf(values);
        break;
      case 'dropped_iterations':
        this.dropped += sumOf(values);
        break;
      case 'checks':
        this.checksFailed += (values as RateValues).total - (values as RateValues).passes;
        break;
      case 'data_received':
        this.received += sumOf(values);
        break;
      case 'data_sent':
        this.sent += sumOf(values);
        break;
    }
  }

  merge(other: Point): void {
    for (const count of COUNTS) this[count] += other[count];
    this.duration.merge(other.duration);
  }

  toJson(t: number): PointJson {
    return { t, counts: COUNTS.map((count) => this[count]), duration: this.duration.toValues() };
  }

  static fromJson(json: PointJson): Point {
    const point = new Point();
    COUNTS.forEach((count, i) => {
      point[count] = json.counts[i] ?? 0;
    });
    point.duration.add(json.duration);
    return point;
  }
}

function sumOf(values: Values): number {
  return toNumber((values as CounterValues).sum);
}

/** The whole run by interval. When there are too many points, the interval doubles: memory has a bound. */
export class Timeline {
  private points = new Map<number, Point>();

  /** @param interval seconds per point */
  constructor(
    public interval: number,
    private readonly limit: number,
  ) {}

  /** The point of a second, in Unix seconds. */
  at(t: number): Point {
    const start = Math.floor(t / this.interval) * this.interval;
    const known = this.points.get(start);
    if (known !== undefined) return known;
    const point = new Point();
    this.points.set(start, point);
    if (this.points.size <= this.limit) return point;
    this.coarsen(this.interval * 2);
    return this.at(t);
  }

  merge(other: Timeline): void {
    if (other.interval > this.interval) this.coarsen(other.interval);
    for (const [t, point] of other.points) this.at(t).merge(point);
  }

  /** By start of the interval, Unix seconds, ascending. */
  entries(): [number, Point][] {
    return [...this.points].sort(([a], [b]) => a - b);
  }

  private coarsen(interval: number): void {
    const fine = this.points;
    this.points = new Map();
    this.interval = interval;
    for (const [t, point] of fine) {
      const start = Math.floor(t / interval) * interval;
      const coarse = this.points.get(start);
      // The first of an interval's points can be kept as it is.
      if (coarse === undefined) this.points.set(start, point);
      else coarse.merge(point);
    }
    if (this.points.size > this.limit) this.coarsen(interval * 2);
  }
}

/** The latest seconds of the run, each by itself, for the live view; older ones are forgotten. */
export class Recent {
  private points = new Map<number, Point>();
  private newest = Number.NEGATIVE_INFINITY;

  /** @param seconds how far back from the newest second */
  constructor(private readonly seconds: number) {}

  /** The point of a second, or undefined where that is forgotten already. */
  at(t: number): Point | undefined {
    if (t > this.newest) {
      this.newest = t;
      for (const old of this.points.keys()) if (old <= t - this.seconds) this.points.delete(old);
    } else if (t <= this.newest - this.seconds) {
      return undefined;
    }
    const point = this.points.get(t) ?? new Point();
    this.points.set(t, point);
    return point;
  }

  merge(other: Recent): void {
    for (const [t, point] of other.points) this.at(t)?.merge(point);
  }

  /** Points by their second, ascending. */
  entries(): [number, Point][] {
    return [...this.points].sort(([a], [b]) => a - b);
  }
}
