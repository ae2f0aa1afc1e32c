/** The end-of-test summary as k6 v2.2.0 prints it, in its modes `compact` (the default) and `full`. */
import type {
  SummaryCheck,
  SummaryData,
  SummaryGroup,
  SummaryMetric,
  SummaryValue,
} from '../../core/contract/script-data.ts';
import { type Colours, palette, printable } from './line.ts';
import { byMetricName, metricSections, trendValue, valueAndExtras } from './summary-metrics.ts';

export type SummaryMode = 'compact' | 'full';

export interface SummaryTextOptions {
  colours: boolean;
  /** k6's --summary-mode. full: every built-in metric, and the checks of each group separately. Default: compact. */
  mode?: SummaryMode;
  /**
   * Aggregates that thresholds name but the data lacks, by metric and aggregate, such as
   * `{ http_req_duration: { 'p(99)': 412.5 } }`. handleSummary's data has only summaryTrendStats.
   */
  aggregates?: Readonly<Record<string, Readonly<Record<string, SummaryValue>>>>;
}

/** Checks and groups have their own lines. */
const hiddenAlways = ['checks', 'group_duration'];
/** The compact mode also leaves out the phases of a request. */
const hiddenIfCompact = [
  'http_req_blocked',
  'http_req_connecting',
  'http_req_receiving',
  'http_req_sending',
  'http_req_tls_handshaking',
  'http_req_waiting',
];

/** k6 sorts metrics into sections by the start of their names; the first section that matches wins. */
const sections: readonly [title: string, prefixes: readonly string[]][] = [
  ['HTTP', ['http_reqs', 'http_req_failed', 'http_req_duration', ...hiddenIfCompact]],
  ['EXECUTION', ['vus', 'iterations', 'iteration_duration', 'dropped_iterations']],
  ['NETWORK', ['data_sent', 'data_received']],
  ['WEB_VITALS', ['browser_web_vital_']],
  ['BROWSER', ['browser_']],
  ['GRPC', ['grpc_']],
  ['WEBSOCKET', ['ws_']],
];
const order = ['CUSTOM', 'HTTP', 'EXECUTION', 'NETWORK', 'BROWSER', 'WEB_VITALS', 'GRPC', 'WEBSOCKET'];

const startsWithOneOf = (name: string, prefixes: readonly string[]) =>
  prefixes.some((prefix) => name.startsWith(prefix));
const indent = (level: number, text: string) => '  '.repeat(level) + text;

/**
 * The text that k6 prints at the end of a test, from the data that k6 gives to handleSummary.
 *
 * The text is the same as k6's, except where the data lacks something: k6 lists checks in the order in which they were
 * first seen, here they are listed by group; and see `aggregates`.
 *
 * @returns lines that start with a section's title; the last one ends with a newline
 */
export function summaryText(
  data: SummaryData,
  { colours, mode = 'compact', aggregates = {} }: SummaryTextOptions,
): string {
  const paint = palette(colours);
  const blocks = [thresholdLines(data, aggregates, paint), totalLines(data, mode, paint)];
  if (mode === 'full') blocks.push(...data.root_group.groups.map((group) => groupLines(group, data, paint)));
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n').replace(/\n+$/, '')}\n`)
    .join('\n\n');
}

const title = (text: string, paint: Colours, level = 1, mark = '█') => [
  indent(level, `${mark} ${paint.bold(text)} `),
  '',
];

function thresholdLines(
  data: SummaryData,
  aggregates: SummaryTextOptions['aggregates'] = {},
  paint: Colours,
): string[] {
  const names = Object.keys(data.metrics)
    .filter((name) => Object.keys(data.metrics[name]?.thresholds ?? {}).length > 0)
    .sort(byMetricName);
  const blocks = names.map((name) => {
    const metric = data.metrics[name] as SummaryMetric;
    const parent = name.split('{', 1)[0] ?? name;
    const below = parent !== name && names.includes(parent);
    const level = below ? 3 : 2;
    const lines = Object.entries(metric.thresholds ?? {}).map(([source, { ok }]) => {
      const mark = ok ? paint.green('✓') : paint.red('✗');
      const aggregate = source.split(/[=><!]/, 1)[0]?.trim() ?? '';
      const values = { ...aggregates[name], ...metric.values };
      const value = thresholdValue({ ...metric, values }, aggregate, data.options.summaryTimeUnit);
      return indent(level, `${mark} '${printable(source)}' ${aggregate}=${paint.cyan(value)}`);
    });
    return [indent(level, printable(below ? name.slice(parent.length) : name)), ...lines];
  });
  if (blocks.length === 0) return [];
  return [...title('THRESHOLDS', paint), ...separated(blocks)];
}

function thresholdValue(metric: SummaryMetric, aggregate: string, timeUnit: string): string {
  if (metric.type === 'trend') return aggregate in metric.values ? trendValue(metric, aggregate, timeUnit) : '';
  const [value, extra = ''] = valueAndExtras(metric, timeUnit);
  return metric.type === 'counter' && aggregate !== 'count' ? extra : value;
}

function totalLines(data: SummaryData, mode: SummaryMode, paint: Colours): string[] {
  const { summaryTrendStats, summaryTimeUnit } = data.options;
  const blocks: string[][] = [];
  const checks = data.metrics.checks;
  if (checks) {
    const passes = checks.values.passes ?? 0;
    const counts = checkCounts(passes, passes + (checks.values.fails ?? 0), data.state.testRunDurationMs);
    blocks.push(checkMetricLines(counts, paint, 2));
    const merged = mergeByName(allChecks(data.root_group));
    if (merged.length > 0) blocks.push(checkLines(merged, paint, 2));
  }

  const hidden = mode === 'full' ? hiddenAlways : [...hiddenAlways, ...hiddenIfCompact];
  const bySection = new Map<string, Map<string, SummaryMetric>>(order.map((section) => [section, new Map()]));
  for (const name of Object.keys(data.metrics).sort(byMetricName)) {
    if (startsWithOneOf(name, hidden)) continue;
    const section = sections.find(([, prefixes]) => startsWithOneOf(name, prefixes))?.[0] ?? 'CUSTOM';
    bySection.get(section)?.set(name, data.metrics[name] as SummaryMetric);
  }
  for (const [section, lines] of metricSections(bySection, summaryTrendStats, summaryTimeUnit, paint)) {
    if (lines.length > 0) blocks.push([paint.bold(section), ...lines].map((line) => indent(2, line)));
  }
  return [...title('TOTAL RESULTS', paint), ...separated(blocks)];
}

function groupLines(group: SummaryGroup, data: SummaryData, paint: Colours, depth = 0): string[] {
  const lines = title(`GROUP: ${printable(group.name)}`, paint, depth + 1, depth === 0 ? '█' : '↳');
  if (group.checks.length > 0) {
    const passes = group.checks.reduce((sum, check) => sum + check.passes, 0);
    const total = group.checks.reduce((sum, check) => sum + check.passes + check.fails, 0);
    const counts = checkCounts(passes, total, data.state.testRunDurationMs);
    lines.push(...checkMetricLines(counts, paint, depth + 2), '', ...checkLines(group.checks, paint, depth + 2));
  }
  for (const inner of group.groups) {
    if (lines.at(-1) !== '') lines.push('');
    lines.push(...groupLines(inner, data, paint, depth + 1));
  }
  return lines;
}

const allChecks = (group: SummaryGroup): SummaryCheck[] => [...group.checks, ...group.groups.flatMap(allChecks)];

type CheckCounts = Pick<SummaryCheck, 'name' | 'passes' | 'fails'>;

/** In k6's totals, checks of the same name are one check, whatever their groups. */
function mergeByName(checks: readonly CheckCounts[]): CheckCounts[] {
  const merged = new Map<string, CheckCounts>();
  for (const { name, passes, fails } of checks) {
    const same = merged.get(name) ?? { name, passes: 0, fails: 0 };
    merged.set(name, { name, passes: same.passes + passes, fails: same.fails + fails });
  }
  return [...merged.values()];
}

function checkCounts(passes: number, total: number, durationMs: number): Map<string, SummaryMetric> {
  const fails = total - passes;
  const contains = 'default';
  const share = (part: number) => (total > 0 ? part / total : 0);
  const rate = durationMs > 0 ? total / (durationMs / 1000) : 0;
  return new Map<string, SummaryMetric>([
    ['checks_total', { type: 'counter', contains, values: { count: total, rate } }],
    ['checks_succeeded', { type: 'rate', contains, values: { rate: share(passes), passes, fails } }],
    ['checks_failed', { type: 'rate', contains, values: { rate: share(fails), passes: fails, fails: passes } }],
  ]);
}

const checkMetricLines = (metrics: Map<string, SummaryMetric>, paint: Colours, level: number) =>
  (metricSections(new Map([['checks', metrics]]), [], '', paint).get('checks') ?? []).map((line) =>
    indent(level, line),
  );

function checkLines(checks: readonly CheckCounts[], paint: Colours, level: number): string[] {
  return checks.flatMap(({ name, passes, fails }) => {
    if (fails === 0) return indent(level, paint.green(`✓ ${printable(name)}`));
    const share = Math.floor((100 * passes) / (passes + fails));
    const counts = `↳  ${share}% — ✓ ${passes} / ✗ ${fails}`;
    // k6 indents the counts of a nested group's checks twice as deep.
    return [indent(level, paint.red(`✗ ${printable(name)}`)), indent(2 * level - 1, paint.red(counts))];
  });
}

const separated = (blocks: readonly string[][]): string[] =>
  blocks.flatMap((block, i) => (i === 0 ? block : ['', ...block]));
