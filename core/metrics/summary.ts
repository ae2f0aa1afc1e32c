import type { SetupData } from '../contract/control.ts';
import type { Plan } from '../contract/plan.ts';
import { groupTree, type SummaryGroup } from './groups.ts';
import { listMetrics, summaryValues } from './metric.ts';
import type { RunMetrics } from './state.ts';
import { judge } from './thresholds.ts';

interface SummaryMetric {
  type: string;
  contains: string;
  values: Record<string, number>;
  thresholds?: Record<string, { ok: boolean }>;
}

/** What k6 gives handleSummary (internal/js/summary.go). JSON.stringify writes its infinities as null, as in k6. */
export interface SummaryData {
  root_group: SummaryGroup;
  options: { summaryTrendStats: string[]; summaryTimeUnit: string; noColor: boolean };
  state: { isStdOutTTY: boolean; isStdErrTTY: boolean; testRunDurationMs: number };
  metrics: Record<string, SummaryMetric>;
  /** Absent where setup() returned undefined, or there is none. */
  setup_data?: unknown;
}

export interface SummaryInput {
  /** Setup, load and teardown, ms. */
  testRunDurationMs: number;
  /** Null: there is no setup(), or it did not get to the end. */
  setupData: SetupData | null;
  noColor?: boolean;
  isStdOutTTY?: boolean;
  isStdErrTTY?: boolean;
}

/** The end-of-test summary of the whole run, in k6's own shape. */
export function summaryData(
  m: RunMetrics,
  plan: Pick<Plan, 'thresholds' | 'summary'>,
  input: SummaryInput,
): SummaryData {
  const { testRunDurationMs, setupData, noColor = false, isStdOutTTY = false, isStdErrTTY = false } = input;
  const { trendStats, timeUnit } = plan.summary;
  const verdicts = new Map(judge(m, plan.thresholds, testRunDurationMs, { final: true }).map((v) => [v.key, v]));
  const metrics: Record<string, SummaryMetric> = {};
  for (const measured of listMetrics(m, plan.thresholds)) {
    const { name, type, contains } = measured;
    const thresholds = (verdicts.get(name)?.thresholds ?? []).map(({ source, ok }) => [source, { ok }]);
    metrics[name] = { type, contains, values: summaryValues(measured, trendStats, testRunDurationMs) };
    if (thresholds.length > 0) metrics[name].thresholds = Object.fromEntries(thresholds);
  }
  return {
    root_group: groupTree(m),
    options: { summaryTrendStats: trendStats, summaryTimeUnit: timeUnit, noColor },
    state: { isStdOutTTY, isStdErrTTY, testRunDurationMs },
    metrics,
    ...(setupData?.kind === 'value' ? { setup_data: setupData.value } : {}),
  };
}
