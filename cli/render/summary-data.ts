import type { MetricType, ValueType } from '../../core/contract/window.ts';

/** A value of a metric; JSON turns NaN and the infinities into null. */
export type SummaryValue = number | null;

export interface SummaryMetric {
  type: MetricType;
  contains: ValueType;
  /** counter: count, rate. gauge: value, min, max. rate: rate, passes, fails. trend: one for each of summaryTrendStats. */
  values: Record<string, SummaryValue>;
  /** By source, in display order. */
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

/** The part of handleSummary's data in k6 v2.2.0 (`summarizeMetricsToObject`) that the text needs. */
export interface SummaryData {
  /** By name; a sub-metric's name is such as `http_req_duration{status:200}`. */
  metrics: Record<string, SummaryMetric>;
  root_group: SummaryGroup;
  options: {
    summaryTrendStats: readonly string[];
    /** `s`, `ms` or `us`; otherwise each duration has a unit that suits it. */
    summaryTimeUnit: string;
  };
  state: { testRunDurationMs: number };
}
