import type { Cell, GaugeValues, KeyCell, MetricCell, Values, Window } from '../contract/window.ts';
import { addValues, mergeAccumulator } from './accumulators.ts';
import { toNumber } from './num.ts';
import {
  isSummed,
  keyState,
  type MetricState,
  metricState,
  ownValues,
  pivotOf,
  type RunMetrics,
  rowsOf,
  SUMMED_METRICS,
  type SummedMetric,
  seeGroup,
  taskStats,
} from './state.ts';
import type { Edge } from './summed-gauge.ts';

export { fromJson, type RunMetricsJson, toJson } from './checkpoint.ts';
export { emptyMetrics, type RunMetrics } from './state.ts';

/** Metrics that are told apart by their tags, for the breakdown of requests and the list of checks. */
const ROW_METRICS: ReadonlySet<string> = new Set(['http_reqs', 'http_req_failed', 'http_req_duration', 'checks']);

/** More windows than any attempt ships: one a second for 30 years. */
const WINDOWS_PER_ATTEMPT = 1e9;

/** What is gathered on the way through one window. */
interface Pass {
  /** How many groups and rows have come before. */
  position: number;
  summed: Record<SummedMetric, Edge[]>;
}

export interface WindowContext {
  /** When the load started, Unix ms by the store's clock; null: it has not. */
  startAtMs: number | null;
  /** The store's clock minus the task's, ms. */
  clockOffsetMs: number;
}

/** Adds one window, in place. Windows of one task come in their order; those of different tasks in any. */
export function addWindow(metrics: RunMetrics, window: Window, context: WindowContext): void {
  const task = taskStats(metrics, window.task);
  let wall = 0;
  let load = false;
  const pass: Pass = { position: 0, summed: { vus: [], vus_max: [] } };
  for (const line of window.lines) {
    wall += line.wall;
    for (const metric of line.overflow ?? []) metrics.overflow.add(metric);
    for (const cell of line.cells) load = addCell(metrics, window, cell, pass, context) || load;
  }
  for (const name of SUMMED_METRICS) {
    metrics.summed[name].addWindow(window.task, window.attempt * WINDOWS_PER_ATTEMPT + window.seq, pass.summed[name]);
  }
  // Before the start a task is busy with making its VUs, which says nothing about the load.
  if (load) task.addBusy(wall, window.busy);
}

/** Adds `source` to `target`, which has the same bounds. Leaves `source` as it is. */
export function mergeInto(target: RunMetrics, source: RunMetrics): void {
  for (const [name, { type, contains, total }] of source.metrics) {
    mergeAccumulator(metricState(target, name, type, contains).total, total);
  }
  for (const [name, rows] of source.rows) {
    const { type } = source.metrics.get(name) as MetricState;
    const all = rowsOf(target, name, type);
    all.merge(rows);
    if (all.overflow !== null) target.overflow.add(name);
  }
  for (const [key, { type, contains, values, pivots }] of source.keys) {
    const state = keyState(target, key, type, contains);
    if (values !== null) mergeAccumulator(ownValues(state), values);
    for (const pivot of pivots.values()) pivotOf(state, pivot.v).merge(pivot);
  }
  for (const name of SUMMED_METRICS) target.summed[name].merge(source.summed[name]);
  for (const [path, { firstSeen }] of source.groups) seeGroup(target, path, firstSeen);
  target.timeline.merge(source.timeline);
  target.recent.merge(source.recent);
  for (const [task, stats] of source.tasks) taskStats(target, task).merge(stats);
  for (const metric of source.overflow) target.overflow.add(metric);
}

/** Returns whether the cell belongs to the load, from its start on. */
function addCell(
  metrics: RunMetrics,
  { task, job, seq }: Window,
  cell: Cell,
  pass: Pass,
  { startAtMs, clockOffsetMs }: WindowContext,
): boolean {
  const t = alignedSecond(metrics, cell.t, clockOffsetMs);
  const started = startAtMs !== null && t >= alignDown(metrics, startAtMs / 1000);
  const load = job === 'load' && started;
  const point = load ? metrics.timeline.at(t) : undefined;
  const recent = load ? metrics.recent.at(t) : undefined;
  const stats = taskStats(metrics, task);
  if (load) stats.lastT = Math.max(stats.lastT, t);

  for (const metric of cell.metrics ?? []) {
    const { name } = metric;
    if (isSummed(name)) {
      if (load) pass.summed[name].push(...edgesOf(metric, t, clockOffsetMs));
      continue;
    }
    const { total } = metricState(metrics, name, metric.type, metric.contains);
    const rows = ROW_METRICS.has(name) ? rowsOf(metrics, name, metric.type) : undefined;
    for (const { tags = {}, values } of metric.series) {
      addValues(total, values, clockOffsetMs);
      rows?.add(tags, values, [t, task, seq, pass.position++], clockOffsetMs);
      point?.add(name, values);
      recent?.add(name, values);
      if (name === 'http_reqs') stats.requests += sumOf(values);
      if (name === 'iterations') stats.iterations += sumOf(values);
    }
    if (rows !== undefined && rows.overflow !== null) metrics.overflow.add(name);
  }
  for (const key of cell.keys ?? []) if (load || !isSummed(metricOf(key.key))) addKeyCell(metrics, key, clockOffsetMs);
  for (const path of cell.groups ?? []) seeGroup(metrics, path, [t, task, seq, pass.position++]);
  return load;
}

function edgesOf({ series }: MetricCell, t: number, clockOffsetMs: number): Edge[] {
  return series.map(({ values }) => {
    const { last, at } = values as GaugeValues;
    return { t, at: at + clockOffsetMs, value: toNumber(last) };
  });
}

function addKeyCell(metrics: RunMetrics, cell: KeyCell, clockOffsetMs: number): void {
  const state = keyState(metrics, cell.key, cell.type, cell.contains);
  if (cell.values !== undefined) addValues(ownValues(state), cell.values, clockOffsetMs);
  for (const pivot of cell.pivots ?? []) pivotOf(state, toNumber(pivot.v)).add(pivot);
}

/** The second of the run in which a task's cell lies: whole cells are moved, so that they stay aligned. */
function alignedSecond(metrics: RunMetrics, t: number, clockOffsetMs: number): number {
  const width = metrics.bounds.cellSeconds;
  return t + Math.round(clockOffsetMs / 1000 / width) * width;
}

function alignDown(metrics: RunMetrics, seconds: number): number {
  return Math.floor(seconds / metrics.bounds.cellSeconds) * metrics.bounds.cellSeconds;
}

/** The metric of a key such as `vus{team:a}`. */
function metricOf(key: string): string {
  const brace = key.indexOf('{');
  return brace < 0 ? key : key.slice(0, brace);
}

function sumOf(values: Values): number {
  return 'sum' in values ? toNumber(values.sum) : 0;
}
