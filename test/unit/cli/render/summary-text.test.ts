import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type SummaryTextOptions, summaryText } from '../../../../cli/render/summary-text.ts';
import type { SummaryData, SummaryMetric } from '../../../../core/contract/script-data.ts';
import type { CellLine } from '../../../../core/contract/window.ts';
import { checkResults } from '../../../../core/metrics/metric-results.ts';
import { FULL_SUMMARY_SECTIONS, RunMetrics } from '../../../../core/metrics/run-metrics.ts';
import { sectionResults } from '../../../../core/metrics/section-results.ts';

const fixture = (file: string) => readFileSync(new URL(`fixtures/${file}`, import.meta.url), 'utf8');
const dataOf = (name: string) => JSON.parse(fixture(`${name}.json`)) as SummaryData;
/** k6 puts empty lines around its text. */
const k6Text = (name: string) => `${fixture(`${name}.txt`).replace(/^\n+|\n+$/g, '')}\n`;
// biome-ignore lint/suspicious/noControlCharactersInRegex: escapes are what is looked for
const escapes = /\u001b\[\d+m/g;

const recorded: { name: string; what: string; options?: Partial<SummaryTextOptions> }[] = [
  { name: 'groups', what: 'checks in nested groups, merged by name' },
  { name: 'metrics', what: 'all types of metrics in all sections' },
  { name: 'thresholds', what: 'thresholds that pass and fail, on metrics and on sub-metrics' },
  { name: 'executors', what: 'vus, vus_max and dropped iterations' },
  ...['none', 's', 'ms', 'us'].map((unit) => ({
    name: `units-${unit}`,
    what: `summaryTimeUnit ${unit} with p(99.9) and count`,
    // k6 shows an aggregate that is in neither summaryTrendStats nor a percentile as nothing, so avg is not given here.
    options: { aggregates: { plain: { 'p(97)': 4.790123 } } },
  })),
];

describe('summaryText', () => {
  it.each(recorded)('prints what k6 prints: $what', ({ name, options }) => {
    expect(summaryText(dataOf(name), { colours: false, ...options })).toBe(k6Text(name));
  });

  it.each(['groups-full', 'http-full'])('prints what k6 prints in its full mode: %s', (name) => {
    expect(summaryText(dataOf(name), { colours: false, mode: 'full' })).toBe(k6Text(name));
  });

  it('prints the scenarios and groups of the full mode as k6 does, from what our output has measured in the same run', () => {
    const metrics = new RunMetrics([], { maxSections: FULL_SUMMARY_SECTIONS });
    const lines = fixture('sections.lines').trim().split('\n');
    lines.forEach((line, seq) => {
      metrics.addWindow(
        { v: 1, task: 0, attempt: 0, seq, job: 'load', busy: 0, lines: [JSON.parse(line) as CellLine] },
        { startAtMs: 0, clockOffsetMs: 0 },
      );
    });
    const data = dataOf('sections');
    const { summaryTrendStats: trendStats, summaryTimeUnit: timeUnit } = data.options;
    const plan = { summary: { trendStats, timeUnit, mode: 'full' } } as const;
    const sections = sectionResults(metrics, plan, data.state.testRunDurationMs);
    const text = summaryText(data, { colours: false, mode: 'full', sections, checks: checkResults(metrics) });
    expect(text).toBe(k6Text('sections'));
  });

  it.each(recorded)('differs with colours only in escapes: $what', ({ name, options }) => {
    const text = summaryText(dataOf(name), { colours: true, ...options });
    expect(text).toMatch(escapes);
    expect(text.replace(escapes, '')).toBe(summaryText(dataOf(name), { colours: false, ...options }));
  });

  it('colours passed checks green and failed ones red', () => {
    const text = summaryText(dataOf('groups'), { colours: true });
    expect(text).toContain('\u001b[32m✓ root is fine\u001b[39m');
    expect(text).toContain('\u001b[31m✗ never right\u001b[39m');
  });

  it('prints a run without any metric, for which k6 fails', () => {
    const text = summaryText(
      {
        metrics: {},
        root_group: { name: '', path: '', id: '', groups: [], checks: [] },
        options: { summaryTrendStats: ['avg'], summaryTimeUnit: '', noColor: false },
        state: { isStdOutTTY: false, isStdErrTTY: false, testRunDurationMs: 0 },
      },
      { colours: false, mode: 'full' },
    );
    expect(text).toBe('  █ TOTAL RESULTS \n');
  });

  it('renders any numbers', () => {
    const number = fc.oneof(fc.double(), fc.constantFrom(0, -0, Number.NaN, Number.POSITIVE_INFINITY, null));
    const metric: fc.Arbitrary<SummaryMetric> = fc.record({
      type: fc.constantFrom('counter', 'gauge', 'rate', 'trend'),
      contains: fc.constantFrom('default', 'time', 'data'),
      values: fc.record(
        {
          count: number,
          rate: number,
          value: number,
          min: number,
          max: number,
          passes: number,
          fails: number,
          avg: number,
          'p(95)': number,
        },
        { requiredKeys: [] },
      ),
      thresholds: fc.dictionary(fc.constantFrom('p(95)<1', 'count>0', 'value!=3'), fc.record({ ok: fc.boolean() })),
    });
    const name = fc.constantFrom('checks', 'http_reqs', 'vus', 'mine', 'mine{a:b}', 'ws_x', 'data_sent');
    fc.assert(
      fc.property(
        fc.dictionary(name, metric),
        fc.constantFrom('', 's', 'ms', 'us', 'nonsense'),
        fc.string({ unit: 'binary' }).map((name) => name.replaceAll('u', 'x')),
        (metrics, summaryTimeUnit, checkName) => {
          const text = summaryText(
            {
              metrics,
              root_group: {
                name: '',
                path: '',
                id: '',
                groups: [],
                checks: [{ name: checkName, path: '', id: '', passes: 1, fails: 2 }],
              },
              options: { summaryTrendStats: ['avg', 'p(95)', 'count'], summaryTimeUnit, noColor: false },
              state: { isStdOutTTY: false, isStdErrTTY: false, testRunDurationMs: 1000 },
            },
            { colours: false },
          );
          expect(text).not.toMatch(/undefined|\p{Cc}(?<!\n)/u);
        },
      ),
    );
  });
});
