import type { Plan } from '../contract/plan.ts';
import type { SummaryData, SummaryMetric } from '../contract/script-data.ts';
import { groupTree } from './groups.ts';
import { listMetrics, summaryValues } from './metric.ts';
import type { RunMetrics } from './run-metrics.ts';
import { type TestTimes, testDuration } from './test-times.ts';
import { judge } from './thresholds.ts';

export interface SummaryInput {
  times: TestTimes;
  noColor?: boolean;
  isStdOutTTY?: boolean;
  isStdErrTTY?: boolean;
}

/** The end-of-test summary of the whole run, in k6's own shape but without the setup data. */
export function summaryData(
  metrics: RunMetrics,
  plan: Pick<Plan, 'thresholds' | 'summary'>,
  input: SummaryInput,
): SummaryData {
  const { times, noColor = false, isStdOutTTY = false, isStdErrTTY = false } = input;
  const testRunDurationMs = testDuration(times);
  const { trendStats, timeUnit } = plan.summary;
  const verdicts = new Map(judge(metrics, plan.thresholds, times).map((v) => [v.key, v]));
  const summaries: Record<string, SummaryMetric> = {};
  for (const metric of listMetrics(metrics, plan.thresholds, times)) {
    const { name, type, contains } = metric;
    const thresholds = (verdicts.get(name)?.thresholds ?? []).map(({ source, ok }) => [source, { ok }]);
    summaries[name] = { type, contains, values: summaryValues(metric, trendStats, testRunDurationMs) };
    if (thresholds.length > 0) summaries[name].thresholds = Object.fromEntries(thresholds);
  }
  return {
    root_group: groupTree(metrics),
    options: { summaryTrendStats: trendStats, summaryTimeUnit: timeUnit, noColor },
    state: { isStdOutTTY, isStdErrTTY, testRunDurationMs },
    metrics: summaries,
  };
}
