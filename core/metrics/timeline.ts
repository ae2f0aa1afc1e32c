import type { RateValues, TrendValues, Values } from '../contract/window.ts';
import { sumOf } from './accumulators.ts';
import { Histogram } from './histogram.ts';

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

  /** Adds values of a metric, or of a part of it; most metrics do not appear in a point. */
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

export interface TimelineJson {
  interval: number;
  points: PointJson[];
}

/** The whole load by interval. The interval doubles whenever there are too many points, so memory is bounded. */
export class Timeline {
  private points = new Map<number, Point>();

  /**
   * @param interval seconds per point
   * @param limit how many points to keep
   */
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

  /** By start of the interval, Unix seconds, ascending. */
  entries(): [number, Point][] {
    return ascending(this.points);
  }

  toJson(): TimelineJson {
    return { interval: this.interval, points: this.entries().map(([t, point]) => point.toJson(t)) };
  }

  static fromJson({ interval, points }: TimelineJson, limit: number): Timeline {
    const timeline = new Timeline(interval, limit);
    for (const point of points) timeline.points.set(point.t, Point.fromJson(point));
    return timeline;
  }

  private coarsen(interval: number): void {
    const fine = this.points;
    this.points = new Map();
    this.interval = interval;
    for (const [t, point] of fine) {
      const start = Math.floor(t / interval) * interval;
      const coarse = this.points.get(start);
      // The first point of an interval can be kept as it is.
      if (coarse === undefined) this.points.set(start, point);
      else coarse.merge(point);
    }
    if (this.points.size > this.limit) this.coarsen(interval * 2);
  }
}

/** The latest seconds of the load, one point for each cell, for the live view; older ones are dropped. */
export class Recent {
  private points = new Map<number, Point>();
  private newest = Number.NEGATIVE_INFINITY;

  /** @param seconds how far back from the newest second */
  constructor(private readonly seconds: number) {}

  /** The point of a second; undefined if it is too old. */
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

  /** By second, ascending. */
  entries(): [number, Point][] {
    return ascending(this.points);
  }

  toJson(): PointJson[] {
    return this.entries().map(([t, point]) => point.toJson(t));
  }

  static fromJson(json: PointJson[], seconds: number): Recent {
    const recent = new Recent(seconds);
    for (const point of json) recent.at(point.t)?.merge(Point.fromJson(point));
    return recent;
  }
}

const ascending = (points: ReadonlyMap<number, Point>): [number, Point][] => [...points].sort(([a], [b]) => a - b);
