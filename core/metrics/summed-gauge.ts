/** The value of one task at one second. */
export interface Edge {
  /** Unix seconds. */
  t: number;
  /** When it was measured, Unix ms; of two values of one second the later counts. */
  at: number;
  value: number;
}

/** A stretch of seconds in which a task has a value for every second. */
interface Span {
  first: Edge;
  last: Edge;
}

export interface SummedGaugeJson {
  stride: number;
  /** [first second, number of seconds, sum, number of seconds, sum, …]: sums by second, in runs of equal sums. */
  sums: number[];
  /** Per task: [task, first t, at, value, last t, at, value, first t, …]. */
  tasks: number[][];
}

/** 36 hours of seconds. A longer run keeps every second second, then every fourth, and so on. */
const MAX_SECONDS = 2 ** 17;

/** Normally a task has one span; more only while windows come out of order. */
const MAX_SPANS = 32;

/**
 * A gauge of which every task measures its own part once a second (vus, vus_max): the run's value is the sum over tasks.
 *
 * Keeps the sum by second, and of each task only the first and the last second, because only there can another part of
 * a second already counted turn up. So parts of a task can be merged in any order, as long as each part is a stretch
 * of that task's time.
 */
export class SummedGauge {
  private sums = new Map<number, number>();
  private tasks = new Map<number, Span[]>();
  private stride: number;

  /** @param step seconds from one value of a task to the next */
  constructor(
    private readonly step: number,
    private readonly maxSeconds = MAX_SECONDS,
  ) {
    this.stride = step;
  }

  get isEmpty(): boolean {
    return this.tasks.size === 0;
  }

  add(task: number, edge: Edge): void {
    this.write(edge.t, edge.value);
    this.insert(task, { first: edge, last: edge });
    this.bound();
  }

  merge(other: SummedGauge): void {
    if (other.stride > this.stride) this.thinOut(other.stride);
    for (const [t, sum] of other.sums) this.write(t, sum);
    for (const [task, spans] of other.tasks) for (const { first, last } of spans) this.insert(task, { first, last });
    this.bound();
  }

  /**
   * value: the sum of all tasks' last values. max: the highest sum. min: the lowest sum of the seconds in which all
   * tasks have a value. Null without samples.
   */
  summary(): { value: number; min: number; max: number } | null {
    if (this.isEmpty) return null;
    let value = 0;
    let from = Number.NEGATIVE_INFINITY;
    let to = Number.POSITIVE_INFINITY;
    for (const spans of this.tasks.values()) {
      const last = (spans.at(-1) as Span).last;
      value += last.value;
      from = Math.max(from, (spans[0] as Span).first.t);
      to = Math.min(to, last.t);
    }
    let min = Number.POSITIVE_INFINITY;
    let max = Number.NEGATIVE_INFINITY;
    for (const [t, sum] of this.sums) {
      max = Math.max(max, sum);
      if (t >= from && t <= to) min = Math.min(min, sum);
    }
    if (max === Number.NEGATIVE_INFINITY) max = value;
    return { value, min: min === Number.POSITIVE_INFINITY ? value : min, max };
  }

  /** The sum at a second, where it is kept. */
  at(t: number): number | undefined {
    return this.sums.get(t);
  }

  /** The highest sum by interval of so many seconds, by the interval's first second. */
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
    const tasks = [...this.tasks].map(([task, spans]) => [
      task,
      ...spans.flatMap(({ first, last }) => [first.t, first.at, first.value, last.t, last.at, last.value]),
    ]);
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
    for (const [task, ...edges] of json.tasks) {
      const spans: Span[] = [];
      const edge = (i: number) => ({
        t: edges[i] as number,
        at: edges[i + 1] as number,
        value: edges[i + 2] as number,
      });
      for (let i = 0; i < edges.length; i += 6) spans.push({ first: edge(i), last: edge(i + 3) });
      gauge.tasks.set(task as number, spans);
    }
    return gauge;
  }

  private write(t: number, value: number): void {
    if (t % this.stride === 0) this.sums.set(t, (this.sums.get(t) ?? 0) + value);
  }

  private bound(): void {
    while (this.sums.size > this.maxSeconds) this.thinOut(this.stride * 2);
  }

  private thinOut(stride: number): void {
    this.stride = stride;
    for (const t of this.sums.keys()) if (t % stride !== 0) this.sums.delete(t);
  }

  /** Joins a span whose values are already in the sums, and takes out again what it counts a second time. */
  private insert(task: number, span: Span): void {
    const spans = [...(this.tasks.get(task) ?? []), span];
    spans.sort((a, b) => a.first.t - b.first.t || a.last.t - b.last.t);
    const joined: Span[] = [];
    for (const next of spans) {
      const before = joined.at(-1);
      if (before === undefined || next.first.t > before.last.t + this.step) joined.push(next);
      else if (next.first.t > before.last.t) joined[joined.length - 1] = { first: before.first, last: next.last };
      else joined[joined.length - 1] = this.overlap(before, next);
    }
    if (joined.length > MAX_SPANS) {
      const [first, second, ...rest] = joined as [Span, Span, ...Span[]];
      joined.splice(0, joined.length, { first: first.first, last: second.last }, ...rest);
    }
    this.tasks.set(task, joined);
  }

  /** Two spans of one task of which the second starts where the first ends. */
  private overlap(a: Span, b: Span): Span {
    if (b.first.t < a.last.t) {
      // A part from the middle of what is known, which no reader in order ever sees: what is known stays.
      if (b.first.t === b.last.t) this.write(b.first.t, -b.first.value);
      return { first: a.first, last: b.last.t > a.last.t ? b.last : a.last };
    }
    const [earlier, later] = isLater(a.last, b.first) ? [b.first, a.last] : [a.last, b.first];
    this.write(earlier.t, -earlier.value);
    return {
      first: a.first.t === later.t ? later : a.first,
      last: b.last.t === later.t ? later : b.last,
    };
  }
}

function isLater(a: Edge, b: Edge): boolean {
  return a.at > b.at || (a.at === b.at && a.value > b.value);
}
