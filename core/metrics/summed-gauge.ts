/** The value of one task at one second. */
export interface Edge {
  /** Unix seconds. */
  t: number;
  /** When it was measured, Unix ms; of two values of one second the later counts. */
  at: number;
  value: number;
}

/** Consecutive windows of one task: which, and the first and the last of its seconds with a value. */
interface Span {
  from: number;
  to: number;
  first: Edge | null;
  last: Edge | null;
}

export interface SummedGaugeJson {
  stride: number;
  /** [first second, number of seconds, sum, number of seconds, sum, …]: sums by second, in runs of equal sums. */
  sums: number[];
  tasks: { task: number; spans: Span[] }[];
}

/** 36 hours of seconds. A longer run keeps every second second, then every fourth, and so on. */
const MAX_SECONDS = 2 ** 17;

/**
 * A gauge of which every task measures its own part once a second (vus, vus_max): the run's value is the sum over tasks.
 *
 * Keeps the sum by second, and of each task's consecutive windows only the first and the last second, because only
 * there can another part of a second already counted turn up. Of the parts of one second the latest counts.
 */
export class SummedGauge {
  private sums = new Map<number, number>();
  private tasks = new Map<number, Span[]>();
  private stride: number;

  /** @param step seconds from one value of a task to the next */
  constructor(
    step: number,
    private readonly maxSeconds = MAX_SECONDS,
  ) {
    this.stride = step;
  }

  /**
   * Adds one window of a task.
   * @param place where the window stands among the task's windows; consecutive ones have consecutive places
   * @param edges the window's values, in order of time; there may be none
   */
  addWindow(task: number, place: number, edges: Edge[]): void {
    const before = this.tasks.get(task)?.at(-1);
    const inOrder = before?.to === place - 1;
    const span = inOrder ? before : { from: place, to: place, first: null, last: null };
    for (const edge of edges) this.extend(span, edge);
    span.to = place;
    if (!inOrder) this.insert(task, span);
    while (this.sums.size > this.maxSeconds) this.thinOut(this.stride * 2);
  }

  merge(other: SummedGauge): void {
    if (other.stride > this.stride) this.thinOut(other.stride);
    for (const [t, sum] of other.sums) this.write(t, sum);
    for (const [task, spans] of other.tasks) for (const span of spans) this.insert(task, { ...span });
    while (this.sums.size > this.maxSeconds) this.thinOut(this.stride * 2);
  }

  /**
   * value: the sum of all tasks' last values. max: the highest sum. min: the lowest sum of the seconds in which all
   * tasks have a value. Null without samples, as for k6 itself in a test of less than a second: where that is so short
   * that the one tick of only some tasks fell into it, their sum would be the number of nobody's VUs.
   */
  summary(): { value: number; min: number; max: number } | null {
    let value: number | null = null;
    let from = Number.NEGATIVE_INFINITY;
    let to = Number.POSITIVE_INFINITY;
    let isPartial = false;
    for (const spans of this.tasks.values()) {
      const first = spans.find((span) => span.first !== null)?.first;
      const last = spans.findLast((span) => span.last !== null)?.last;
      if (!first || !last) {
        isPartial = true;
        continue;
      }
      value = (value ?? 0) + last.value;
      from = Math.max(from, first.t);
      to = Math.min(to, last.t);
    }
    if (value === null || (isPartial && this.sums.size <= 1)) return null;
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

  private write(t: number, value: number): void {
    if (t % this.stride === 0) this.sums.set(t, (this.sums.get(t) ?? 0) + value);
  }

  private thinOut(stride: number): void {
    this.stride = stride;
    for (const t of this.sums.keys()) if (t % stride !== 0) this.sums.delete(t);
  }

  /** Adds a value to the end of a span. */
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
    // A part that comes more than a second late changes nothing: a later value of its task is known.
  }

  /** Takes in a span whose values are in the sums, and takes out of them what is counted a second time. */
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
