import type { MetricType, ValueType } from '../../core/contract/window.ts';

/** A value of a metric; null is what JSON makes of NaN and of the infinities. */
export type SummaryValue = number | null;

export interface SummaryMetric {
  type: MetricType;
  contains: ValueType;
  /** counter: count, rate. gauge: value, min, max. rate: rate, passes, fails. trend: one for each of summaryTrendStats. */
  values: Record<string, SummaryValue>;
  /** By source, in the order to show them. */
  thresholds?: Record<string, { ok: boolean }>;
}

export interface SummaryCheck {
  name: string;
  passes: number;
  fails: number;
}

export interface SummaryGroup {
  name: string;
  groups: SummaryGroup[];
  checks: SummaryCheck[];
}

/** The part that the text needs of what k6 v2.2.0 hands to handleSummary (`summarizeMetricsToObject`). */
export interface SummaryData {
  /** By name; a sub-metric's name is such as `http_req_duration{status:200}`. */
  metrics: Record<string, SummaryMetric>;
  root_group: SummaryGroup;
  options: {
    summaryTrendStats: readonly string[];
    /** `s`, `ms` or `us`; else each duration has the unit that suits it. */
    summaryTimeUnit: string;
  };
  state: { testRunDurationMs: number };
}
