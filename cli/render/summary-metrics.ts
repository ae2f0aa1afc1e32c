import type { SummaryMetric } from '../../core/contract/script-data.ts';
import { k6Value } from './k6-format.ts';
import { type Colours, printable } from './line.ts';

/** The width of text as k6 counts it for its columns; `textWidth` differs for wide characters. */
const k6Width = (text: string) => [...text.normalize('NFKC')].length;

const padded = (text: string, width: number) => ' '.repeat(Math.max(0, width - k6Width(text)));

/** k6 shows a sub-metric below its metric, only by its tags. */
function displayName(name: string): string {
  const brace = name.indexOf('{');
  return brace < 0 ? printable(name) : `  { ${printable(name.slice(brace + 1, -1))} }`;
}

const collator = new Intl.Collator('en');

/** By metric, then by tags, so that sub-metrics follow their metric. */
export function byMetricName(a: string, b: string): number {
  const [aMetric = '', bMetric = ''] = [a.split('{', 1)[0], b.split('{', 1)[0]];
  return collator.compare(aMetric, bMetric) || collator.compare(a.slice(aMetric.length), b.slice(bMetric.length));
}

/** The value, and what k6 shows dimmed beside it. */
export function valueAndExtras(metric: SummaryMetric, timeUnit: string): [string, ...string[]] {
  const { values } = metric;
  const show = (key: string) => k6Value(values[key], metric, timeUnit);
  switch (metric.type) {
    case 'counter':
      return [show('count'), `${show('rate')}/s`];
    case 'gauge':
      return [show('value'), `min=${show('min')}`, `max=${show('max')}`];
    case 'rate':
      return [show('rate'), `${values.passes ?? 0} out of ${(values.passes ?? 0) + (values.fails ?? 0)}`];
    default:
      return ['[no data]'];
  }
}

/** One aggregate of a trend. A count has no unit. */
export function trendValue(metric: SummaryMetric, stat: string, timeUnit: string): string {
  const value = metric.values[stat];
  return stat === 'count' && typeof value === 'number' ? String(value) : k6Value(value, metric, timeUnit);
}

/**
 * Lays out metrics aligned with each other: dotted names, then values in columns.
 *
 * @param sections by title; metrics of all sections share the columns. Lines are in the order given.
 * @returns the lines of each section, not indented
 */
export function metricSections<Title extends string>(
  sections: ReadonlyMap<Title, ReadonlyMap<string, SummaryMetric>>,
  trendStats: readonly string[],
  timeUnit: string,
  colours: Colours,
): Map<Title, string[]> {
  const cells = new Map<string, string[]>();
  let nameWidth = 0;
  let valueWidth = 0;
  const extraWidths: number[] = [];
  const trendWidths = trendStats.map(() => 0);
  const widen = (widths: number[], texts: string[]) => {
    texts.forEach((text, i) => {
      widths[i] = Math.max(widths[i] ?? 0, k6Width(text));
    });
  };

  for (const metrics of sections.values()) {
    for (const [name, metric] of metrics) {
      nameWidth = Math.max(nameWidth, k6Width(displayName(name)));
      if (metric.type === 'trend') {
        const columns = trendStats.map((stat) => trendValue(metric, stat, timeUnit));
        widen(trendWidths, columns);
        cells.set(name, columns);
      } else {
        const [value, ...extras] = valueAndExtras(metric, timeUnit);
        valueWidth = Math.max(valueWidth, k6Width(value));
        widen(extraWidths, extras);
        cells.set(name, [value, ...extras]);
      }
    }
  }

  const trendLine = (columns: string[]) =>
    columns.map((text, i) => `${trendStats[i]}=${colours.cyan(text)}${padded(text, trendWidths[i] ?? 0)}`).join(' ');
  const valueLine = ([value = '', ...extras]: string[]) => {
    const weak = extras.map((text, i) => {
      // k6 pads these only if there are several.
      const fill = extras.length > 1 ? padded(text, extraWidths[i] ?? 0) : '';
      return ` ${colours.dim(colours.cyan(text))}${fill}`;
    });
    return colours.cyan(value) + padded(value, valueWidth) + weak.join('');
  };

  const lines = new Map<Title, string[]>();
  for (const [title, metrics] of sections) {
    const section = [...metrics].map(([name, metric]) => {
      const shown = displayName(name);
      const dots = `${'.'.repeat(nameWidth - k6Width(shown) + 3)}:`;
      const texts = cells.get(name) ?? [];
      return `${shown}${colours.dim(dots)} ${metric.type === 'trend' ? trendLine(texts) : valueLine(texts)}`;
    });
    lines.set(title, section);
  }
  return lines;
}
