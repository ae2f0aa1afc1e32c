import type { ThresholdKey } from '../contract/plan.ts';
import type { MetricType, ValueType } from '../contract/window.ts';
import { type Accumulator, createAccumulator } from './accumulators.ts';
import { BoundedMap } from './bounded-map.ts';
import { Breakdown } from './breakdown.ts';
import { earlier, type FirstSeen } from './first-seen.ts';
import { PivotCounts } from './pivots.ts';
import { SummedGauge } from './summed-gauge.ts';
import { TaskStats } from './task-stats.ts';
import { Recent, Timeline } from './timeline.ts';

/** Metrics of which every task measures its part once a second. */
export const SUMMED_METRICS = ['vus', 'vus_max'] as const;
export type SummedMetric = (typeof SUMMED_METRICS)[number];

/** How far back the live view can look, seconds: well over the slowest shipping of windows, 10 s. */
const RECENT_SECONDS = 40;

export interface MetricState {
  type: MetricType;
  contains: ValueType;
  total: Accumulator;
}

/** What a threshold key selected. */
export interface KeyState {
  type: MetricType;
  contains: ValueType;
  /** Null: no sample of its own yet, or the key names a whole metric. */
  values: Accumulator | null;
  /** By V, of those that have come. */
  pivots: Map<number, PivotCounts>;
}

export interface Bounds {
  /** Width of a cell, whole seconds. */
  cellSeconds: number;
  /** Tag sets that are told apart per metric, over all tasks. */
  maxRows: number;
  /** Points of the time series before its resolution halves. */
  maxPoints: number;
}

const BOUNDS: Bounds = { cellSeconds: 1, maxRows: 5_000, maxPoints: 2_000 };

/**
 * All that is known of a run's metrics. Its size does not grow with the number of samples, nor without bound with the
 * length of the run, the number of tasks' windows or of tag values.
 */
export interface RunMetrics {
  bounds: Bounds;
  /** Every metric with samples, save the summed ones. */
  metrics: Map<string, MetricState>;
  rows: Map<string, Breakdown>;
  keys: Map<string, KeyState>;
  summed: Record<SummedMetric, SummedGauge>;
  /** When each group was first seen, by its path. */
  groups: BoundedMap<{ firstSeen: FirstSeen }>;
  /** The load's course; setup and teardown have no part in it. */
  timeline: Timeline;
  recent: Recent;
  tasks: Map<number, TaskStats>;
  /** Metrics of which some task, or the merge, has put tag sets together. */
  overflow: Set<string>;
}

export function emptyMetrics(keys: ThresholdKey[], bounds: Partial<Bounds> = {}): RunMetrics {
  const all = { ...BOUNDS, ...bounds };
  const merged: RunMetrics = {
    bounds: all,
    metrics: new Map(),
    rows: new Map(),
    keys: new Map(),
    summed: { vus: new SummedGauge(all.cellSeconds), vus_max: new SummedGauge(all.cellSeconds) },
    groups: new BoundedMap<{ firstSeen: FirstSeen }>(all.maxRows, () => {}),
    timeline: new Timeline(all.cellSeconds, all.maxPoints),
    recent: new Recent(RECENT_SECONDS),
    tasks: new Map(),
    overflow: new Set(),
  };
  for (const { key, type, contains } of keys) keyState(merged, key, type, contains);
  return merged;
}

export function isSummed(metric: string): metric is SummedMetric {
  return metric === 'vus' || metric === 'vus_max';
}

export function metricState(metrics: RunMetrics, name: string, type: MetricType, contains: ValueType): MetricState {
  const known = metrics.metrics.get(name);
  if (known !== undefined) return known;
  const state = { type, contains, total: createAccumulator(type) };
  metrics.metrics.set(name, state);
  return state;
}

export function rowsOf(metrics: RunMetrics, metric: string, type: MetricType): Breakdown {
  const known = metrics.rows.get(metric);
  if (known !== undefined) return known;
  const rows = new Breakdown(type, metrics.bounds.maxRows);
  metrics.rows.set(metric, rows);
  return rows;
}

export function keyState(metrics: RunMetrics, key: string, type: MetricType, contains: ValueType): KeyState {
  const known = metrics.keys.get(key);
  if (known !== undefined) return known;
  const state: KeyState = { type, contains, values: null, pivots: new Map() };
  metrics.keys.set(key, state);
  return state;
}

export function ownValues(state: KeyState): Accumulator {
  state.values ??= createAccumulator(state.type);
  return state.values;
}

export function pivotOf(state: KeyState, v: number): PivotCounts {
  const known = state.pivots.get(v);
  if (known !== undefined) return known;
  const pivot = new PivotCounts(v);
  state.pivots.set(v, pivot);
  return pivot;
}

export function seeGroup(metrics: RunMetrics, path: string, firstSeen: FirstSeen): void {
  const group = metrics.groups.slot(path, () => ({ firstSeen }));
  if (group !== undefined) group.firstSeen = earlier(group.firstSeen, firstSeen);
}

export function taskStats(metrics: RunMetrics, task: number): TaskStats {
  const known = metrics.tasks.get(task);
  if (known !== undefined) return known;
  const stats = new TaskStats();
  metrics.tasks.set(task, stats);
  return stats;
}
