import type { ThresholdKey } from '../contract/plan.ts';
import type { MetricType, Pivot, Values, ValueType } from '../contract/window.ts';
import { accumulatorOf, addValues } from './accumulators.ts';
import { Breakdown, type BreakdownJson } from './breakdown.ts';
import type { FirstSeen } from './first-seen.ts';
import { toNumber } from './num.ts';
import {
  type Bounds,
  emptyMetrics,
  keyState,
  ownValues,
  pivotOf,
  type RunMetrics,
  type SummedMetric,
  seeGroup,
} from './state.ts';
import { SummedGauge, type SummedGaugeJson } from './summed-gauge.ts';
import { TaskStats, type TaskStatsJson } from './task-stats.ts';
import { Point, type PointJson } from './timeline.ts';

/** The merged state as plain data that JSON carries without loss. */
export interface RunMetricsJson {
  v: 1;
  bounds: Bounds;
  metrics: { name: string; type: MetricType; contains: ValueType; values: Values; rows?: BreakdownJson }[];
  keys: { key: string; type: MetricType; contains: ValueType; values?: Values; pivots: Pivot[] }[];
  summed: Record<SummedMetric, SummedGaugeJson>;
  groups: [path: string, firstSeen: FirstSeen][];
  interval: number;
  timeline: PointJson[];
  recent: PointJson[];
  tasks: TaskStatsJson[];
  overflow: string[];
}

export function toJson(m: RunMetrics): RunMetricsJson {
  return {
    v: 1,
    bounds: m.bounds,
    metrics: [...m.metrics].map(([name, { type, contains, total }]) => {
      const metric = { name, type, contains, values: total.toValues() };
      const rows = m.rows.get(name);
      return rows === undefined ? metric : { ...metric, rows: rows.toJson() };
    }),
    keys: [...m.keys].map(([key, { type, contains, values, pivots }]) => {
      const state = { key, type, contains, pivots: [...pivots.values()].map((pivot) => pivot.toPivot()) };
      return values === null ? state : { ...state, values: values.toValues() };
    }),
    summed: { vus: m.summed.vus.toJson(), vus_max: m.summed.vus_max.toJson() },
    groups: m.groups.sorted().map(([path, { firstSeen }]) => [path, firstSeen]),
    interval: m.timeline.interval,
    timeline: m.timeline.entries().map(([t, point]) => point.toJson(t)),
    recent: m.recent.entries().map(([t, point]) => point.toJson(t)),
    tasks: [...m.tasks].map(([task, stats]) => stats.toJson(task)),
    overflow: [...m.overflow],
  };
}

/**
 * @param json what `toJson` gave, to and fro through JSON
 * @param keys as for `emptyMerged`
 */
export function fromJson(json: RunMetricsJson, keys: ThresholdKey[]): RunMetrics {
  const metrics = emptyMetrics(keys, json.bounds);
  for (const { name, type, contains, values, rows } of json.metrics) {
    metrics.metrics.set(name, { type, contains, total: accumulatorOf(type, values) });
    if (rows !== undefined) metrics.rows.set(name, Breakdown.fromJson(rows, type, json.bounds.maxRows));
  }
  for (const { key, type, contains, values, pivots } of json.keys) {
    const state = keyState(metrics, key, type, contains);
    if (values !== undefined) addValues(ownValues(state), values, 0);
    for (const pivot of pivots) pivotOf(state, toNumber(pivot.v)).add(pivot);
  }
  const step = json.bounds.cellSeconds;
  metrics.summed.vus = SummedGauge.fromJson(json.summed.vus, step);
  metrics.summed.vus_max = SummedGauge.fromJson(json.summed.vus_max, step);
  for (const [path, firstSeen] of json.groups) seeGroup(metrics, path, firstSeen);
  metrics.timeline.interval = json.interval;
  for (const point of json.timeline) metrics.timeline.at(point.t).merge(Point.fromJson(point));
  for (const point of json.recent) metrics.recent.at(point.t)?.merge(Point.fromJson(point));
  for (const stats of json.tasks) metrics.tasks.set(stats.task, TaskStats.fromJson(stats));
  for (const metric of json.overflow) metrics.overflow.add(metric);
  return metrics;
}
