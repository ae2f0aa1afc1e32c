import type { TargetResult } from '../../core/contract/result.ts';
import { TargetSeries } from '../../core/contract/target-series.ts';
import { coversLoad } from '../../core/scaling/cloudwatch-lag.ts';
import { formatLatency, formatShort, sparkline } from './format.ts';
import type { Colours } from './line.ts';
import { type Column, tableLines } from './table.ts';

/** The most columns of a chart; a shorter series takes one per value. */
const MAX_CHART_COLUMNS = 24;
const INDENT = '  ';

/** Series with a unit. */
const FORMATS: Readonly<Record<string, (value: number) => string>> = {
  [TargetSeries.cpu]: (value) => `${formatShort(value)}%`,
  [TargetSeries.memory]: (value) => `${formatShort(value)}%`,
  [TargetSeries.utilization]: (value) => `${formatShort(value)}%`,
  [TargetSeries.responseTime]: formatLatency,
};

interface Row {
  name: string;
  /** In order of time; at least one. */
  values: number[];
  chart: string;
}

/**
 * The target's series since the start of the load: a row each, all charts on one time axis. Empty if there are none.
 * @param load Unix ms; NaN: it never started
 */
export function seriesLines(
  target: TargetResult,
  load: { startAt: number; endedAt: number },
  width: number,
  paint: Colours,
): string[] {
  const since = Object.entries(target.series)
    .map(([name, points]) => ({ name, points: points.filter(({ at }) => coversLoad(at, load.startAt, load.endedAt)) }))
    .filter(({ points }) => points.length > 0)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const times = since.flatMap(({ points }) => points.map(({ at }) => at));
  const begin = times.reduce((min, at) => Math.min(min, at), Number.POSITIVE_INFINITY);
  const end = times.reduce((max, at) => Math.max(max, at), 0);
  const length = Math.min(
    MAX_CHART_COLUMNS,
    since.reduce((most, { points }) => Math.max(most, points.length), 0),
  );
  const rows = since.map(({ name, points }): Row => {
    const columns = Array.from({ length }, (): number | null => null);
    for (const { at, value } of points) {
      const column = Math.round(((length - 1) * (at - begin)) / (end - begin || 1));
      columns[column] = Math.max(columns[column] ?? value, value);
    }
    return { name, values: points.map(({ value }) => value), chart: sparkline(columns) };
  });
  if (rows.length === 0) return [];
  const number = (title: string, of: (values: number[]) => number, drop?: number): Column<Row> => ({
    title,
    align: 'right',
    text: ({ name, values }) => (FORMATS[name] ?? formatShort)(of(values)),
    ...(drop === undefined ? {} : { drop }),
  });
  const columns: Column<Row>[] = [
    { title: 'series', text: ({ name }) => name, shrinkTo: 8 },
    number('min', (values) => values.reduce((a, b) => Math.min(a, b)), 2),
    number('avg', (values) => values.reduce((a, b) => a + b) / values.length, 3),
    number('max', (values) => values.reduce((a, b) => Math.max(a, b))),
    number('last', (values) => values.at(-1) ?? 0),
    { title: 'over time', text: ({ chart }) => chart, paint: () => paint.cyan, drop: 1 },
  ];
  return tableLines(columns, rows, width - INDENT.length, paint).map((line) => INDENT + line);
}
