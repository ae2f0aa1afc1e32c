import type { Plan } from '../contract/plan.ts';
import type { CheckResult, MetricResult, Result, SeriesPoint } from '../contract/result.ts';
import type { Accumulator } from './accumulators.ts';
import type { Breakdown, Tags } from './breakdown.ts';
import { listChecks } from './groups.ts';
import { Histogram } from './histogram.ts';
import { listMetrics, summaryValues, trendStat } from './metric.ts';
import type { RunMetrics } from './run-metrics.ts';
import { type TestTimes, testDuration } from './test-times.ts';
import type { KeyVerdict } from './thresholds.ts';

type BreakdownRow = Result['breakdown'][number];
type Latency = NonNullable<BreakdownRow['duration']>;

const LATENCY_STATS = ['avg', 'min', 'med', 'max', 'p(90)', 'p(95)', 'p(99)', 'p(99.9)'] as const;
const TREND_STATS = ['count', ...LATENCY_STATS] as const;

/** The name of the row that counts everything past a limit on rows. */
const OTHER = '(other)';

/**
 * All metrics that k6 would list, sub-metrics included, in its order.
 */
export function metricResults(
  metrics: RunMetrics,
  plan: Pick<Plan, 'thresholds' | 'summary'>,
  times: TestTimes,
  verdicts: KeyVerdict[],
): Record<string, MetricResult> {
  const stats = [...new Set<string>([...TREND_STATS, ...plan.summary.trendStats])];
  const thresholds = new Map(verdicts.map((verdict) => [verdict.key, verdict.thresholds]));
  const results: Record<string, MetricResult> = {};
  const testMs = testDuration(times);
  for (const metric of listMetrics(metrics, plan.thresholds, times)) {
    const { name, type, contains } = metric;
    const shown = [...new Set([...stats, ...judgedPercentiles(plan, name)])];
    const values = Object.entries(summaryValues(metric, shown, testMs)).map(([stat, x]) => [stat, finite(x)]);
    results[name] = {
      type,
      contains,
      values: Object.fromEntries(values),
      thresholds: thresholds.get(name) ?? [],
    };
  }
  return results;
}

/** The percentiles that a key's thresholds compare, as columns such as `p(99.5)`. */
const judgedPercentiles = ({ thresholds }: Pick<Plan, 'thresholds'>, name: string): string[] =>
  thresholds
    .filter(({ key }) => key === name)
    .flatMap((key) => key.thresholds)
    .flatMap(({ percentile }) => (percentile === undefined ? [] : [`p(${percentile})`]));

/** All checks in the order of the script; those past the limit on rows share one row. */
export function checkResults(metrics: RunMetrics): CheckResult[] {
  const checks = listChecks(metrics).map(({ group, ...check }) => ({ ...check, group: group ?? '' }));
  const rest = metrics.breakdowns.checks.overflow;
  return rest === null ? checks : [...checks, { name: OTHER, group: '', passes: rest.passes, fails: rest.fails }];
}

/** Requests by name, method, status and scenario; those past the limit on rows share the last row. */
export function breakdownRows(metrics: RunMetrics): BreakdownRow[] {
  const rows = new Map<string, BreakdownRow & { trend: Histogram }>();
  const rowOf = ({ name = '', method = '', status = '', scenario = '' }: Tags) => {
    const key = JSON.stringify([name, method, status, scenario]);
    const fresh = { name, method, status, scenario, requests: 0, failed: 0, duration: null, trend: new Histogram() };
    const row = rows.get(key) ?? fresh;
    rows.set(key, row);
    return row;
  };
  const { http_reqs, http_req_failed, http_req_duration } = metrics.breakdowns;
  for (const { tags, values } of withOverflow(http_reqs)) rowOf(tags).requests += values.sum;
  for (const { tags, values } of withOverflow(http_req_failed)) rowOf(tags).failed += values.passes;
  for (const { tags, values } of withOverflow(http_req_duration)) rowOf(tags).trend.merge(values);
  return [...rows.values()]
    .map(({ trend, ...row }) => ({ ...row, duration: latency(trend) }))
    .sort((a, b) => Number(a.name === OTHER) - Number(b.name === OTHER) || compareRows(a, b));
}

/** The load over time: one point per interval, oldest first. */
export function seriesPoints(metrics: RunMetrics): { intervalSeconds: number; points: SeriesPoint[] } {
  const { interval } = metrics.timeline;
  const vus = metrics.summed.vus.maxBy(interval);
  const points = metrics.timeline.entries().map(([t, point]) => {
    const { requests, failed, iterations, dropped, checksFailed, received, sent, duration } = point;
    const stat = (name: string) => (duration.count > 0 ? finite(trendStat(duration, [], name) ?? Number.NaN) : null);
    return {
      t,
      vus: vus.get(t) ?? 0,
      requests,
      failed,
      iterations,
      dropped,
      checksFailed,
      received,
      sent,
      avg: stat('avg'),
      med: stat('med'),
      p95: stat('p(95)'),
      p99: stat('p(99)'),
      max: stat('max'),
    };
  });
  return { intervalSeconds: interval, points };
}

function withOverflow<A extends Accumulator & { merge(other: A): void }>(
  breakdown: Breakdown<A>,
): { tags: Tags; values: A }[] {
  const rest = breakdown.overflow === null ? [] : [{ tags: { name: OTHER }, values: breakdown.overflow }];
  return [...breakdown.list(), ...rest];
}

function latency(trend: Histogram): Latency | null {
  if (trend.count === 0) return null;
  const stats = LATENCY_STATS.map((stat) => [stat, finite(trendStat(trend, [], stat) ?? Number.NaN)]);
  return Object.fromEntries(stats) as Latency;
}

function compareRows(a: BreakdownRow, b: BreakdownRow): number {
  for (const tag of ['name', 'method', 'status', 'scenario'] as const) {
    if (a[tag] !== b[tag]) return a[tag] < b[tag] ? -1 : 1;
  }
  return 0;
}

/** Null for what JSON cannot carry, as JSON.stringify writes it. */
function finite(x: number): number | null {
  return Number.isFinite(x) ? x : null;
}
