/** Gauges that every task samples once a second for its own VUs. */
export const SUMMED_METRICS = ['vus', 'vus_max'] as const;
export type SummedMetric = (typeof SUMMED_METRICS)[number];

export function isSummed(metric: string): metric is SummedMetric {
  return metric === 'vus' || metric === 'vus_max';
}

/** The value of one task at one second. */
export interface Edge {
  /** Unix seconds. */
  t: number;
  /** When it was sampled, Unix ms; of two values of one second the later counts. */
  at: number;
  value: number;
}

/** Consecutive windows of one task: their positions, and the first and the last second with a value. */
interface Span {
  from: number;
  to: number;
  first: Edge | null;
  last: Edge | null;
}

export interface SummaryOptions {
  /** The seconds of the first and the last sample, Unix time. */
  first: number;
  last: number;
  /** Whether a task counts with its last value after the second of that value; otherwise it counts as 0. */
  lastsIn: (task: number) => boolean;
}

export interface SummedGaugeJson {
  stride: number;
  /** [first second, number of seconds, sum, number of seconds, sum, …]: run-length encoded; a sum of -1 is a gap. */
  sums: number[];
  tasks: { task: number; spans: Span[] }[];
}

/** 36 hours. A longer run keeps every other second, then every fourth, and so on. */
const MAX_SECONDS = 2 ** 17;

/**
 * A gauge that every task samples for its own part once a second (vus, vus_max): the run's value is the sum over tasks.
 *
 * Windows may be added in any order, each once. Keeps the sum of every second and, of each task's consecutive windows,
 * only the first and the last value: a second can be in two windows only if the one ends with it and the other starts
 * with it. The later value of that second counts.
 */
export class SummedGauge {
  private sums = new Map<number, number>();
  private tasks = new Map<number, Span[]>();
  /** Seconds from one kept sum to the next. */
  private stride: number;

  /** @param step seconds from one value of a task to the next */
  constructor(step: number) {
    this.stride = step;
  }

  /**
   * Adds one window of a task.
   * @param position of the window among those of the task; consecutive windows have consecutive positions
   * @param edges the window's values, in order of time; may be empty
   */
  addWindow(task: number, position: number, edges: Edge[]): void {
    const before = this.tasks.get(task)?.at(-1);
    const inOrder = before?.to === position - 1;
    const span = inOrder ? before : { from: position, to: position, first: null, last: null };
    for (const edge of edges) this.extend(span, edge);
    span.to = position;
    if (!inOrder) this.insert(task, span);
    while (this.sums.size > MAX_SECONDS) this.thinOut(this.stride * 2);
  }

  /**
   * The sum at a second; null if no task has had a value by then. @param options `lastsIn` as in `summary`
   */
  valueAt(t: number, { lastsIn }: Pick<SummaryOptions, 'lastsIn'>): number | null {
    const ends = this.ends(lastsIn);
    if (!ends.some(({ first }) => first <= t)) return null;
    return (this.sums.get(this.kept(t)) ?? 0) + ends.reduce((sum, { t: end, lasts }) => sum + (end < t ? lasts : 0), 0);
  }

  /**
   * value: the sum at the last sample. max: the highest sum. min: the lowest. Both from the first second on in which
   * every task has a value, or has had one. Null without values.
   */
  summary({ first, last, lastsIn }: SummaryOptions): { value: number; min: number; max: number } | null {
    const value = this.valueAt(last, { lastsIn });
    if (value === null) return null;
    const ends = this.ends(lastsIn).sort((a, b) => a.t - b.t);
    const from = ends.reduce((latest, end) => Math.max(latest, end.first), first);
    const over = ends.at(-1)?.t ?? last;
    let [min, max] = [value, value];
    let [next, lasting] = [0, 0];
    for (let t = this.kept(from + this.stride - 1); t <= last; t += this.stride) {
      for (let end = ends[next]; end !== undefined && end.t < t; end = ends[++next]) lasting += end.lasts;
      const sum = this.sums.get(t) ?? (t > over ? 0 : undefined);
      if (sum === undefined) continue;
      min = Math.min(min, sum + lasting);
      max = Math.max(max, sum + lasting);
    }
    return { value, min, max };
  }

  /** The highest sum of each interval, by its first second. @param interval seconds */
  maxBy(interval: number): Map<number, number> {
    const highest = new Map<number, number>();
    for (const [t, sum] of this.sums) {
      const start = Math.floor(t / interval) * interval;
      highest.set(start, Math.max(sum, highest.get(start) ?? 0));
    }
    return highest;
  }

  toJson(): SummedGaugeJson {
    const seconds = [...this.sums].sort(([a], [b]) => a - b);
    const sums: number[] = [];
    let next = seconds[0]?.[0] ?? 0;
    if (seconds.length > 0) sums.push(next);
    for (const [t, sum] of seconds) {
      if (t > next) sums.push((t - next) / this.stride, -1);
      const last = sums.length - 1;
      if (sums.length > 1 && sums[last] === sum) sums[last - 1] = (sums[last - 1] as number) + 1;
      else sums.push(1, sum);
      next = t + this.stride;
    }
    const tasks = [...this.tasks].map(([task, spans]) => ({ task, spans: spans.map((span) => ({ ...span })) }));
    return { stride: this.stride, sums, tasks };
  }

  static fromJson(json: SummedGaugeJson, step: number): SummedGauge {
    const gauge = new SummedGauge(step);
    gauge.stride = json.stride;
    let t = json.sums[0] ?? 0;
    for (let i = 1; i < json.sums.length; i += 2) {
      const sum = json.sums[i + 1] as number;
      for (let n = json.sums[i] as number; n > 0; n--, t += json.stride) if (sum >= 0) gauge.sums.set(t, sum);
    }
    for (const { task, spans } of json.tasks) gauge.tasks.set(task, spans);
    return gauge;
  }

  /** The latest second up to `t` whose sum is kept. */
  private kept(t: number): number {
    return Math.floor(t / this.stride) * this.stride;
  }

  /** When each task had its first and its last value, and what it counts from then on. */
  private ends(lastsIn: SummaryOptions['lastsIn']): { first: number; t: number; lasts: number }[] {
    return [...this.tasks].flatMap(([task, spans]) => {
      const first = spans.find((span) => span.first !== null)?.first;
      const last = spans.findLast((span) => span.last !== null)?.last;
      return first && last ? [{ first: first.t, t: last.t, lasts: lastsIn(task) ? last.value : 0 }] : [];
    });
  }

  private write(t: number, value: number): void {
    if (t % this.stride === 0) this.sums.set(t, (this.sums.get(t) ?? 0) + value);
  }

  private thinOut(stride: number): void {
    this.stride = stride;
    for (const t of this.sums.keys()) if (t % stride !== 0) this.sums.delete(t);
  }

  /** Appends a value to a span. */
  private extend(span: Span, edge: Edge): void {
    const { first, last } = span;
    if (last === null || edge.t > last.t) {
      this.write(edge.t, edge.value);
      span.first = first ?? edge;
      span.last = edge;
    } else if (edge.t === last.t && isLater(edge, last)) {
      this.write(edge.t, edge.value - last.value);
      if (first?.t === edge.t) span.first = edge;
      span.last = edge;
    }
    // A value that is more than a second late is ignored: a later one of its task is known.
  }

  /** Inserts a span whose values are in the sums already; subtracts from them what is counted twice. */
  private insert(task: number, span: Span): void {
    const spans = [...(this.tasks.get(task) ?? []), span].sort((a, b) => a.from - b.from);
    const joined: Span[] = [];
    for (const next of spans) {
      const before = joined.at(-1);
      if (before === undefined || next.from > before.to + 1) joined.push(next);
      else this.append(before, next);
    }
    this.tasks.set(task, joined);
  }

  private append(a: Span, b: Span): void {
    a.to = Math.max(a.to, b.to);
    if (a.last === null || b.first === null || b.last === null) {
      a.first ??= b.first;
      a.last ??= b.last;
      return;
    }
    const [end, start] = [a.last, b.first];
    if (end.t < start.t) {
      a.last = b.last;
      return;
    }
    const late = start.t < end.t || isLater(end, start);
    const [loser, winner] = late ? [start, end] : [end, start];
    this.write(loser.t, -loser.value);
    if (a.first?.t === winner.t) a.first = winner;
    a.last = b.last.t > winner.t ? b.last : winner;
  }
}

function isLater(a: Edge, b: Edge): boolean {
  return a.at > b.at || (a.at === b.at && a.value > b.value);
}
