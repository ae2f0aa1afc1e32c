import type { ThresholdKey } from '../../core/contract/plan.ts';
import {
  type Cell,
  type KeyCell,
  type MetricType,
  type Num,
  type Pivot,
  type TrendValues,
  toNum,
  toNumber,
  type Values,
  type ValueType,
  type Window,
} from '../../core/contract/window.ts';
import { bucketOf } from '../../core/metrics/buckets.ts';

/** A sample of k6. */
export interface RawSample {
  metric: string;
  type: MetricType;
  contains?: ValueType;
  tags?: Record<string, string>;
  value: number;
  /** Unix ms. */
  atMs: number;
}

/** The tags that the fleet output keeps (`k6/fleet/series.go`). */
const KEPT_TAGS: Record<string, string[]> = {
  http_reqs: ['name', 'method', 'status', 'scenario'],
  http_req_failed: ['name', 'method', 'status', 'scenario'],
  http_req_duration: ['name', 'method', 'status', 'scenario'],
  checks: ['check', 'group'],
  group_duration: ['group'],
  vus: [],
  vus_max: [],
  data_sent: [],
  data_received: [],
};

export interface FoldOptions extends Partial<Omit<Window, 'v' | 'lines'>> {
  keys?: ThresholdKey[];
  cellSeconds?: number;
  /** How long the window is, wall seconds. */
  wall?: number;
  /** Keep the scenario and the group of every sample, as with `groups=true`. Default: false. */
  groups?: boolean;
}

/** A slow and simple version of the fleet output: one window, of one line, with all samples. */
export function foldWindow(samples: RawSample[], options: FoldOptions = {}): Window {
  const { keys = [], cellSeconds = 1, wall = 1, groups = false, ...head } = options;
  const byCell = groupBy(samples, ({ atMs }) => String(Math.floor(atMs / 1000 / cellSeconds) * cellSeconds));
  const cells = [...byCell].map(([t, part]) => foldCell(Number(t), part, { keys, groups })).sort((a, b) => a.t - b.t);
  return { v: 1, task: 0, attempt: 0, seq: 0, job: 'load', busy: 0, ...head, lines: [{ v: 1, wall, cells }] };
}

export function foldValues(type: MetricType, samples: { value: number; atMs: number }[]): Values {
  const values = samples.map(({ value }) => value);
  const sum = toNum(values.reduce((a, b) => a + b, 0));
  const min = toNum(values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY));
  const max = toNum(values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY));
  switch (type) {
    case 'counter':
      return { sum };
    case 'gauge': {
      const last = samples.reduce((a, b) => (b.atMs > a.atMs || (b.atMs === a.atMs && b.value > a.value) ? b : a));
      return { last: toNum(last.value), at: last.atMs, min, max };
    }
    case 'rate':
      return { passes: values.filter((value) => value !== 0).length, total: values.length };
    case 'trend':
      return foldTrend(values, { sum, min, max });
  }
}

function foldTrend(values: number[], { sum, min, max }: { sum: Num; min: Num; max: Num }): TrendValues {
  const finite = values.filter(Number.isFinite);
  const trend: TrendValues = { count: values.length, sum, min, max };
  const zero = values.filter((value) => value === 0).length;
  const pos = bucketPairs(finite.filter((value) => value > 0));
  const neg = bucketPairs(finite.filter((value) => value < 0).map((value) => -value));
  const posInf = values.filter((value) => value === Number.POSITIVE_INFINITY).length;
  const negInf = values.filter((value) => value === Number.NEGATIVE_INFINITY).length;
  if (zero > 0) trend.zero = zero;
  if (pos.length > 0) trend.pos = pos;
  if (neg.length > 0) trend.neg = neg;
  if (posInf > 0) trend.posInf = posInf;
  if (negInf > 0) trend.negInf = negInf;
  return trend;
}

function bucketPairs(values: number[]): number[] {
  const counts = new Map<number, number>();
  for (const bucket of values.map(bucketOf)) counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => a - b).flat();
}

function foldCell(
  t: number,
  samples: RawSample[],
  { keys, groups: keepGroups }: { keys: ThresholdKey[]; groups: boolean },
): Cell {
  const metrics = [...groupBy(samples, ({ metric }) => metric)].map(([name, part]) => {
    const { type, contains = 'default' } = part[0] as RawSample;
    const series = [...groupBy(part, (sample) => JSON.stringify(keptTags(sample, keepGroups)))].map(([tags, of]) => {
      return { tags: JSON.parse(tags), values: foldValues(type, of) };
    });
    return { name, type, contains, series };
  });
  const groups = samples
    .filter(({ metric, tags }) => (metric === 'checks' || metric === 'group_duration') && tags?.group !== undefined)
    .map(({ tags }) => tags?.group as string);
  return { t, metrics, keys: keys.flatMap((key) => foldKey(key, samples)), groups: [...new Set(groups)] };
}

function foldKey(key: ThresholdKey, all: RawSample[]): KeyCell[] {
  const samples = all.filter(({ metric, tags = {} }) => {
    return metric === key.metric && Object.entries(key.tags ?? {}).every(([name, value]) => tags[name] === value);
  });
  if (samples.length === 0) return [];
  const cell: KeyCell = { key: key.key, type: key.type, contains: key.contains };
  if (key.tags !== null) cell.values = foldValues(key.type, samples);
  const ranked = key.thresholds.filter(({ aggregate }) => aggregate === 'p' || aggregate === 'med');
  const limits = [...new Set(ranked.map(({ value }) => value))].filter((value) => value !== 'NaN');
  if (limits.length > 0) cell.pivots = limits.map((limit) => pivotOf(limit, samples));
  return [cell];
}

function pivotOf(limit: Num, samples: RawSample[]): Pivot {
  const v = toNumber(limit);
  const below = samples.map(({ value }) => value).filter((value) => value < v);
  const above = samples.map(({ value }) => value).filter((value) => value > v);
  const pivot: Pivot = { v: limit, below: below.length, equal: samples.length - below.length - above.length };
  if (below.length > 0) pivot.maxBelow = toNum(below.reduce((a, b) => Math.max(a, b)));
  if (above.length > 0) pivot.minAbove = toNum(above.reduce((a, b) => Math.min(a, b)));
  return pivot;
}

function keptTags({ metric, tags = {} }: RawSample, keepGroups: boolean): Record<string, string> {
  const usual = KEPT_TAGS[metric] ?? ['scenario'];
  const kept = keepGroups ? [...new Set([...usual, 'scenario', 'group'])] : usual;
  return Object.fromEntries(kept.flatMap((name) => (tags[name] === undefined ? [] : [[name, tags[name]]])));
}

function groupBy<T>(items: T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
