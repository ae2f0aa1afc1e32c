/** The end-of-test summary as k6 v2.2.0 prints it, in its modes `compact` (the default) and `full`. */
import type { SummaryMode } from '../../core/contract/plan.ts';
import type { Result, SectionResult } from '../../core/contract/result.ts';
import type {
  SummaryCheck,
  SummaryData,
  SummaryGroup,
  SummaryMetric,
  SummaryValue,
} from '../../core/contract/script-data.ts';
import { type Colours, palette, printable } from './line.ts';
import { byMetricName, metricSections, trendValue, valueAndExtras } from './summary-metrics.ts';

export interface SummaryTextOptions {
  colours: boolean;
  /** k6's --summary-mode. full: every built-in metric, and a section for each scenario and group. Default: compact. */
  mode?: SummaryMode;
  /** What a run with --summary-mode full has measured by scenario and group. Without it, groups show only their checks. */
  sections?: Result['sections'];
  /** All checks in the order in which they were first seen, as k6 lists them. Default: by group, as in the data. */
  checks?: readonly CheckCounts[];
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

/** k6 sorts metrics by the start of their names; the first entry that matches wins. */
const kinds: readonly [title: string, prefixes: readonly string[]][] = [
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
 * The text is the same as k6's, except where the data lacks something that the options do not add.
 *
 * @returns lines that start with a section's title; the last one ends with a newline
 */
export function summaryText(
  data: SummaryData,
  { colours, mode = 'compact', aggregates = {}, sections = null, checks }: SummaryTextOptions,
): string {
  const paint = palette(colours);
  const total = { metrics: data.metrics, checks: mergeByName(checks ?? allChecks(data.root_group)) };
  const blocks = [
    thresholdLines(data, aggregates, paint),
    separated([[title('TOTAL RESULTS', paint)], ...contentBlocks(total, data, { mode, paint, level: 2 })]),
  ];
  if (mode === 'full') {
    const { groups, scenarios } = sections ?? { groups: data.root_group.groups.map(checksOnly), scenarios: [] };
    blocks.push(...groups.map((group) => sectionLines('GROUP', group, data, paint)));
    blocks.push(...scenarios.map((scenario) => sectionLines('SCENARIO', scenario, data, paint)));
  }
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n\n');
}

const title = (text: string, paint: Colours, level = 1, mark = '█') => indent(level, `${mark} ${paint.bold(text)} `);

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
  return separated([[title('THRESHOLDS', paint)], ...blocks]);
}

function thresholdValue(metric: SummaryMetric, aggregate: string, timeUnit: string): string {
  if (metric.type === 'trend') return aggregate in metric.values ? trendValue(metric, aggregate, timeUnit) : '';
  const [value, extra = ''] = valueAndExtras(metric, timeUnit);
  return metric.type === 'counter' && aggregate !== 'count' ? extra : value;
}

interface Content {
  metrics: Readonly<Record<string, SummaryMetric>>;
  checks: readonly CheckCounts[];
}

/** Counts of checks, checks and metrics, in blocks that are separated by empty lines. */
function contentBlocks(
  { metrics, checks }: Content,
  { options, state }: SummaryData,
  { mode, paint, level }: { mode: SummaryMode; paint: Colours; level: number },
): string[][] {
  const blocks: string[][] = [];
  if (metrics.checks) {
    const { passes = 0, fails = 0 } = metrics.checks.values;
    const counts = checkCounts(passes ?? 0, (passes ?? 0) + (fails ?? 0), state.testRunDurationMs);
    blocks.push(checkMetricLines(counts, paint, level));
    if (checks.length > 0) blocks.push(checkLines(checks, paint, level));
  }
  const hidden = mode === 'full' ? hiddenAlways : [...hiddenAlways, ...hiddenIfCompact];
  const byKind = new Map<string, Map<string, SummaryMetric>>(order.map((kind) => [kind, new Map()]));
  for (const name of Object.keys(metrics).sort(byMetricName)) {
    if (startsWithOneOf(name, hidden)) continue;
    const kind = kinds.find(([, prefixes]) => startsWithOneOf(name, prefixes))?.[0] ?? 'CUSTOM';
    byKind.get(kind)?.set(name, metrics[name] as SummaryMetric);
  }
  const { summaryTrendStats, summaryTimeUnit } = options;
  for (const [kind, lines] of metricSections(byKind, summaryTrendStats, summaryTimeUnit, paint)) {
    if (lines.length > 0) blocks.push([paint.bold(kind), ...lines].map((line) => indent(level, line)));
  }
  return blocks;
}

/** A scenario or group, and the groups in it one level deeper each. */
function sectionLines(
  kind: 'SCENARIO' | 'GROUP',
  section: SectionResult,
  data: SummaryData,
  paint: Colours,
  depth = 0,
): string[] {
  const heading = title(`${kind}: ${printable(section.name)}`, paint, depth + 1, depth === 0 ? '█' : '↳');
  const content = contentBlocks(section, data, { mode: 'full', paint, level: depth + 2 });
  const inner = section.groups.map((group) => sectionLines('GROUP', group, data, paint, depth + 1));
  return separated([[heading], ...content, ...inner]);
}

/** A group of handleSummary's data, which has no metrics by group. */
function checksOnly({ name, checks, groups }: SummaryGroup): SectionResult {
  const passes = checks.reduce((sum, check) => sum + check.passes, 0);
  const fails = checks.reduce((sum, check) => sum + check.fails, 0);
  const metric = { type: 'rate', contains: 'default', values: { passes, fails } } as const;
  return { name, checks, metrics: checks.length > 0 ? { checks: metric } : {}, groups: groups.map(checksOnly) };
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
