import type { ThresholdKey } from '../contract/plan.ts';
import {
  type Cell,
  type CellLine,
  type FailedRequests,
  type GaugeValues,
  type KeyCell,
  type MetricCell,
  type MetricType,
  toNumber,
  type Values,
  type ValueType,
  type Window,
} from '../contract/window.ts';
import { type Accumulator, addValues, Counter, createAccumulator, Rate } from './accumulators.ts';
import { BoundedMap, Breakdown, type BreakdownJson, earlier, type FirstSeen, type Tags } from './breakdown.ts';
import { ConsoleLines, type ConsoleLinesJson } from './console-lines.ts';
import { FailureCounts } from './failed-requests.ts';
import { Frontier, type FrontierJson } from './frontier.ts';
import { Histogram } from './histogram.ts';
import { KeySamples } from './key-samples.ts';
import { type LoggedMessageJson, LogMessages } from './log-messages.ts';
import { Sections, type SectionsJson } from './sections.ts';
import {
  type Edge,
  isSummed,
  SUMMED_METRICS,
  SummedGauge,
  type SummedGaugeJson,
  type SummedMetric,
} from './summed-gauge.ts';
import { TaskStats, type TaskStatsJson } from './task-stats.ts';
import { type Point, type PointJson, Recent, Timeline, type TimelineJson } from './timeline.ts';

export interface Bounds {
  /** Width of a cell, whole seconds. */
  cellSeconds: number;
  /** Tag sets that a metric's breakdown tells apart, over all tasks. */
  maxRows: number;
  /** Points of the timeline before its resolution halves. */
  maxPoints: number;
  /** Distinct messages of the tasks' logs, and combinations of status and error code of failed requests. */
  maxMessages: number;
  /** Scenarios, and groups, whose metrics are kept apart; 0: none. */
  maxSections: number;
}

const BOUNDS: Bounds = { cellSeconds: 1, maxRows: 5_000, maxPoints: 2_000, maxMessages: 200, maxSections: 0 };

/** `maxSections` for the full summary. A section has about 20 metrics, of which 8 are histograms of a few hundred bytes. */
export const FULL_SUMMARY_SECTIONS = 500;

/** How far back the live view can look, seconds: well over the longest interval between windows, 10 s. */
const RECENT_SECONDS = 40;

/**
 * From the resume of a paused k6 to its first iterations, ms. What k6 counts as its VUs until then, or carries over from
 * then to a second without a sample, says nothing about the load.
 */
const START_MS = 100;

/** More windows than any attempt ships: one a second for 30 years. */
const WINDOWS_PER_ATTEMPT = 1e9;

/** All samples of one metric. */
export interface MetricTotal {
  type: MetricType;
  contains: ValueType;
  values: Accumulator;
}

/** The metrics that are broken down by tags: for the table of requests, the list of checks and the progress. */
export interface Breakdowns {
  iterations: Breakdown<Counter>;
  http_reqs: Breakdown<Counter>;
  http_req_failed: Breakdown<Rate>;
  http_req_duration: Breakdown<Histogram>;
  checks: Breakdown<Rate>;
}

export interface WindowContext {
  /** When the load started, Unix ms by the store's clock; null: it has not. */
  startAtMs: number | null;
  /** The store's clock minus the task's, ms. */
  clockOffsetMs: number;
}

/** A window on its way into the metrics. */
interface WindowPass extends WindowContext {
  window: Window;
  stats: TaskStats;
  /** How many groups and rows of the window have been added so far. */
  position: number;
  edges: Record<SummedMetric, Edge[]>;
  /** Whether any of its cells belongs to the load. */
  hasLoad: boolean;
}

/** RunMetrics in a checkpoint: plain data that JSON carries without loss. */
export interface RunMetricsJson {
  v: 1;
  bounds: Bounds;
  metrics: { name: string; type: MetricType; contains: ValueType; values: Values; breakdown?: BreakdownJson }[];
  keys: KeyCell[];
  summed: Record<SummedMetric, SummedGaugeJson>;
  groups: [path: string, firstSeen: FirstSeen][];
  sections: SectionsJson;
  timeline: TimelineJson;
  recent: PointJson[];
  tasks: TaskStatsJson[];
  overflow: string[];
  frontier: FrontierJson;
  /** Like the two below, absent in the checkpoint of an older version. */
  log?: LoggedMessageJson[];
  failures?: FailedRequests[];
  console?: ConsoleLinesJson;
}

/**
 * The metrics of a run: the sum of the windows added so far.
 *
 * Windows may be added in any order with the same outcome, except that a task's busiest five seconds are found only if its
 * own windows are in order, and that lines of the console stay in the order in which they were added. A window that is added twice counts twice: the coordinator saves how many windows of each
 * task it has added in the same checkpoint as these metrics, so a crash neither loses nor repeats one.
 *
 * The size is bounded: it does not grow with the number of samples and, past a limit, neither with the length of the
 * run nor with the values of tags.
 */
export class RunMetrics {
  readonly bounds: Bounds;
  /** By name, of every metric with samples except the summed ones. */
  readonly totals = new Map<string, MetricTotal>();
  readonly breakdowns: Breakdowns;
  readonly keys = new Map<string, KeySamples>();
  readonly summed: Record<SummedMetric, SummedGauge>;
  /** By path. */
  readonly groups: BoundedMap<{ firstSeen: FirstSeen }>;
  readonly sections: Sections;
  /** The load over time, without setup and teardown. */
  timeline: Timeline;
  /** The latest seconds of the load. */
  recent: Recent;
  readonly tasks = new Map<number, TaskStats>();
  /** What thresholds are judged on while the run is under way. */
  frontier: Frontier;
  /** Metrics with more tag sets than a task, or this run, tells apart. */
  readonly overflow = new Set<string>();
  /** The warnings and errors of the tasks' logs. */
  readonly log: LogMessages;
  readonly failures: FailureCounts;
  console = new ConsoleLines();

  constructor(keys: readonly ThresholdKey[], bounds: Partial<Bounds> = {}) {
    this.bounds = { ...BOUNDS, ...bounds };
    const { cellSeconds, maxRows, maxPoints, maxMessages, maxSections } = this.bounds;
    this.breakdowns = {
      iterations: new Breakdown(() => new Counter(), maxRows),
      http_reqs: new Breakdown(() => new Counter(), maxRows),
      http_req_failed: new Breakdown(() => new Rate(), maxRows),
      http_req_duration: new Breakdown(() => new Histogram(), maxRows),
      checks: new Breakdown(() => new Rate(), maxRows),
    };
    this.summed = { vus: new SummedGauge(cellSeconds), vus_max: new SummedGauge(cellSeconds) };
    this.groups = new BoundedMap(maxRows);
    this.sections = new Sections(maxSections);
    this.timeline = new Timeline(cellSeconds, maxPoints);
    this.recent = new Recent(RECENT_SECONDS);
    this.log = new LogMessages(maxMessages);
    this.failures = new FailureCounts(maxMessages);
    for (const key of keys) this.samplesOf(key);
    this.frontier = new Frontier(keys);
  }

  /** Like `rate` and `trend`, empty if the metric has no samples. */
  counter(name: string): Counter {
    return this.valuesOf(name, Counter);
  }

  rate(name: string): Rate {
    return this.valuesOf(name, Rate);
  }

  trend(name: string): Histogram {
    return this.valuesOf(name, Histogram);
  }

  addWindow(window: Window, context: WindowContext): void {
    const stats = this.statsOf(window.task);
    const pass: WindowPass = {
      ...context,
      window,
      stats,
      position: 0,
      edges: { vus: [], vus_max: [] },
      hasLoad: false,
    };
    let wallSeconds = 0;
    for (const line of window.lines) {
      wallSeconds += line.wall;
      for (const metric of line.overflow ?? []) this.overflow.add(metric);
      for (const message of line.log ?? []) this.log.add(message, window.task, context.clockOffsetMs);
      for (const failed of line.failedRequests ?? []) this.failures.add(failed);
      this.console.add(line, window.task, context.clockOffsetMs);
      for (const cell of line.cells) this.addCell(cell, pass);
      this.noteDelivery(line, pass);
    }
    if (window.job !== 'load') this.frontier.jobMs[window.job] += 1000 * wallSeconds;
    const position = window.attempt * WINDOWS_PER_ATTEMPT + window.seq;
    for (const name of SUMMED_METRICS) this.summed[name].addWindow(window.task, position, pass.edges[name]);
    // Before the start a task is busy creating its VUs, which says nothing about the load.
    if (pass.hasLoad) stats.addBusy(wallSeconds, window.busy, window.own);
  }

  /** What the task has delivered whole: all cells up to the last one, which is cut short if k6 ended in it. */
  private noteDelivery({ cells, end = false }: CellLine, { window, stats, clockOffsetMs }: WindowPass): void {
    const last = cells.reduce((latest, { t }) => Math.max(latest, t), Number.NEGATIVE_INFINITY);
    if (window.job !== 'load' || cells.length === 0) return;
    const whole = this.alignedSecond(last, clockOffsetMs) - (end ? this.bounds.cellSeconds : 0);
    stats.delivered = Math.max(stats.delivered, whole);
  }

  private addCell(cell: Cell, pass: WindowPass): void {
    const { window, startAtMs, clockOffsetMs } = pass;
    const t = this.alignedSecond(cell.t, clockOffsetMs);
    const isLoad = window.job === 'load' && startAtMs !== null && t >= this.alignDown(startAtMs / 1000);
    const points = isLoad ? [this.timeline.at(t), this.recent.at(t)].filter((point) => point !== undefined) : [];
    if (isLoad) pass.hasLoad = true;
    const loadSecond = isLoad ? t : null;
    for (const metric of cell.metrics ?? []) {
      const { name } = metric;
      if (isSummed(name)) {
        if (isLoad) pass.edges[name].push(...edgesOf(metric, t, 1000 * (t - cell.t), startAtMs + START_MS));
        continue;
      }
      this.addMetric(metric, t, points, pass);
      this.frontier.addMetric(loadSecond, metric, clockOffsetMs);
    }
    for (const key of cell.keys ?? []) {
      if (!isLoad && isSummed(metricNameOf(key))) continue;
      this.samplesOf(key).add(key, clockOffsetMs);
      this.frontier.addKey(loadSecond, key, clockOffsetMs);
    }
    for (const path of cell.groups ?? []) this.addGroup(path, nextFirstSeen(t, pass));
  }

  private addMetric({ name, type, contains, series }: MetricCell, t: number, points: Point[], pass: WindowPass): void {
    const total = this.totalOf(name, type, contains);
    const breakdown = this.breakdownOf(name);
    for (const { tags = {}, values } of series) {
      addValues(total.values, values, pass.clockOffsetMs);
      const firstSeen = nextFirstSeen(t, pass);
      breakdown?.add(rowTags(name, tags), values, firstSeen);
      this.sections.add(tags, { name, type, contains, values }, firstSeen, pass.clockOffsetMs);
      for (const point of points) point.add(name, values);
      pass.stats.add(name, values);
    }
    if (breakdown !== undefined && breakdown.overflow !== null) this.overflow.add(name);
  }

  private addGroup(path: string, firstSeen: FirstSeen): void {
    const group = this.groups.getOrCreate(path, () => ({ firstSeen }));
    if (group !== undefined) group.firstSeen = earlier(group.firstSeen, firstSeen);
  }

  toJson(): RunMetricsJson {
    return {
      v: 1,
      bounds: this.bounds,
      metrics: [...this.totals].map(([name, { type, contains, values }]) => {
        const metric = { name, type, contains, values: values.toValues() };
        const breakdown = this.breakdownOf(name);
        return breakdown === undefined ? metric : { ...metric, breakdown: breakdown.toJson() };
      }),
      keys: [...this.keys].map(([key, samples]) => samples.toCell(key)),
      summed: { vus: this.summed.vus.toJson(), vus_max: this.summed.vus_max.toJson() },
      groups: this.groups.sorted().map(([path, { firstSeen }]) => [path, firstSeen]),
      sections: this.sections.toJson(),
      timeline: this.timeline.toJson(),
      recent: this.recent.toJson(),
      tasks: [...this.tasks].map(([task, stats]) => stats.toJson(task)),
      overflow: [...this.overflow],
      frontier: this.frontier.toJson(),
      log: this.log.toJson(),
      failures: this.failures.list(),
      console: this.console.toJson(),
    };
  }

  /** @param json what `toJson` returned, written and read as JSON */
  static fromJson(json: RunMetricsJson, keys: readonly ThresholdKey[]): RunMetrics {
    const { cellSeconds, maxPoints } = json.bounds;
    const metrics = new RunMetrics(keys, json.bounds);
    for (const { name, type, contains, values, breakdown } of json.metrics) {
      addValues(metrics.totalOf(name, type, contains).values, values);
      if (breakdown !== undefined) metrics.breakdownOf(name)?.restore(breakdown);
    }
    for (const key of json.keys) metrics.samplesOf(key).add(key);
    for (const name of SUMMED_METRICS) metrics.summed[name] = SummedGauge.fromJson(json.summed[name], cellSeconds);
    for (const [path, firstSeen] of json.groups) metrics.addGroup(path, firstSeen);
    metrics.sections.restore(json.sections);
    metrics.timeline = Timeline.fromJson(json.timeline, maxPoints);
    metrics.recent = Recent.fromJson(json.recent, RECENT_SECONDS);
    for (const stats of json.tasks) metrics.tasks.set(stats.task, TaskStats.fromJson(stats));
    for (const metric of json.overflow) metrics.overflow.add(metric);
    metrics.frontier = Frontier.fromJson(json.frontier, keys);
    metrics.log.restore(json.log ?? []);
    for (const failed of json.failures ?? []) metrics.failures.add(failed);
    if (json.console !== undefined) metrics.console = ConsoleLines.fromJson(json.console);
    return metrics;
  }

  private valuesOf<A extends Accumulator>(name: string, type: new () => A): A {
    const values = this.totals.get(name)?.values;
    return values instanceof type ? values : new type();
  }

  private totalOf(name: string, type: MetricType, contains: ValueType): MetricTotal {
    return getOrCreate(this.totals, name, () => ({ type, contains, values: createAccumulator(type) }));
  }

  private breakdownOf(metric: string) {
    return Object.hasOwn(this.breakdowns, metric) ? this.breakdowns[metric as keyof Breakdowns] : undefined;
  }

  private samplesOf({ key, type, contains }: Pick<KeyCell, 'key' | 'type' | 'contains'>): KeySamples {
    return getOrCreate(this.keys, key, () => new KeySamples(type, contains));
  }

  private statsOf(task: number): TaskStats {
    return getOrCreate(this.tasks, task, () => new TaskStats());
  }

  /** The second of the run that a task's cell starts at: shifted by whole cells, so that it stays aligned. */
  private alignedSecond(t: number, clockOffsetMs: number): number {
    const width = this.bounds.cellSeconds;
    return t + Math.round(clockOffsetMs / 1000 / width) * width;
  }

  private alignDown(seconds: number): number {
    return Math.floor(seconds / this.bounds.cellSeconds) * this.bounds.cellSeconds;
  }
}

function nextFirstSeen(t: number, pass: WindowPass): FirstSeen {
  const { task, seq } = pass.window;
  return [t, task, seq, pass.position++];
}

/** The group is part of a row only for checks: other metrics have that tag for the sections. */
function rowTags(metric: string, tags: Tags): Tags {
  if (metric === 'checks' || !('group' in tags)) return tags;
  const { group: _, ...others } = tags;
  return others;
}

/** The values of a cell that were sampled under load. @param shiftMs how far the cell was moved to align it */
function edgesOf({ series }: MetricCell, t: number, shiftMs: number, fromMs: number): Edge[] {
  return series.flatMap(({ values }) => {
    const { last, at } = values as GaugeValues;
    return at + shiftMs < fromMs ? [] : [{ t, at: at + shiftMs, value: toNumber(last) }];
  });
}

/** Such as `vus` of the key `vus{team:a}`. */
function metricNameOf({ key }: KeyCell): string {
  const brace = key.indexOf('{');
  return brace < 0 ? key : key.slice(0, brace);
}

function getOrCreate<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const value = create();
  map.set(key, value);
  return value;
}
