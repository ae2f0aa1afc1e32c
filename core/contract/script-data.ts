/** What passes between the fleet and the user's script by way of the store. */
import { z } from 'zod';

/** environment.json: what `-e` sets. A task resolves values such as `ssm:/name` or `secretsmanager:name` itself. */
export const ScriptEnvironment = z.record(z.string(), z.string());
export type ScriptEnvironment = z.infer<typeof ScriptEnvironment>;

/** A value of a metric. Null is what JSON.stringify makes of NaN and the infinities, as in k6. */
const SummaryValue = z.number().nullable();
export type SummaryValue = z.infer<typeof SummaryValue>;

export const SummaryMetric = z.object({
  type: z.enum(['counter', 'gauge', 'rate', 'trend']),
  contains: z.enum(['default', 'time', 'data']),
  /** counter: count, rate. gauge: value, min, max. rate: rate, passes, fails. trend: one for each of summaryTrendStats. */
  values: z.record(z.string(), SummaryValue),
  /** By source, in the order of the script. */
  thresholds: z.record(z.string(), z.object({ ok: z.boolean() })).optional(),
});
export type SummaryMetric = z.infer<typeof SummaryMetric>;

const SummaryCheck = z.object({
  name: z.string(),
  /** `::group::name`; the id is its MD5. */
  path: z.string(),
  id: z.string(),
  passes: z.number(),
  fails: z.number(),
});
export type SummaryCheck = z.infer<typeof SummaryCheck>;

const SummaryGroup = z.object({
  name: z.string(),
  /** `::outer::inner`; empty for the root. */
  path: z.string(),
  id: z.string(),
  get groups() {
    return z.array(SummaryGroup);
  },
  checks: z.array(SummaryCheck),
});
export type SummaryGroup = z.infer<typeof SummaryGroup>;

/**
 * summary.json: what k6 v2.2.0 passes to handleSummary (`summarizeMetricsToObject` in internal/js/summary.go), without
 * `setup_data`: the task that runs handleSummary adds it.
 */
export const SummaryData = z.object({
  root_group: SummaryGroup,
  options: z.object({
    summaryTrendStats: z.array(z.string()),
    /** `s`, `ms` or `us`; empty: each duration has the unit that suits it. */
    summaryTimeUnit: z.string(),
    noColor: z.boolean(),
  }),
  state: z.object({ isStdOutTTY: z.boolean(), isStdErrTTY: z.boolean(), testRunDurationMs: z.number() }),
  /** By name; a sub-metric's name is such as `http_req_duration{status:200}`. */
  metrics: z.record(z.string(), SummaryMetric),
});
export type SummaryData = z.infer<typeof SummaryData>;

/** handle-summary.json: what handleSummary returned, by file name (`stdout` and `stderr` included); null: nothing. */
export const SummaryOutput = z
  .record(z.string(), z.union([z.object({ text: z.string() }), z.object({ base64: z.string() })]))
  .nullable();
export type SummaryOutput = z.infer<typeof SummaryOutput>;
