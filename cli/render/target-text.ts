import type { Result, TargetResult } from '../../core/contract/result.ts';
import { loadRise } from '../../core/scaling/moments.ts';
import {
  formatClock,
  formatLatency,
  formatPlural,
  formatShare,
  formatShort,
  formatShortDuration,
  sparkline,
} from './format.ts';
import { bulletLines, type Colours, fieldLines, printable, textWidth } from './line.ts';
import { seriesLines } from './series-text.ts';
import { type Column, tableLines } from './table.ts';
import { type TimelineRow, timelineRows } from './timeline.ts';

const MAX_ROWS = 20;
/** More events of a step than this are only counted. */
const MAX_STEP_EVENTS = 3;
/** The most columns that the numbers of a step take, with their indent and gaps. */
const NUMBERS_WIDTH = 48;
const INDENT = '  ';

/** How the target scaled: what was expected of it, a table of load and tasks over time, and its series. */
export function targetLines(result: Result, target: TargetResult, width: number, paint: Colours): string[] {
  const failed = target.expectations.filter(({ ok }) => !ok).length;
  const verdict =
    target.expectations.length === 0
      ? 'no expectations'
      : failed === 0
        ? 'scaled as expected'
        : `missed ${failed} of ${formatPlural(target.expectations.length, 'expectation')}`;
  const style = failed > 0 ? paint.red : target.expectations.length > 0 ? paint.green : undefined;
  const rows = timelineRows(result, target, MAX_ROWS);
  const series = seriesLines(target, loadOf(result), width, paint);
  return [
    ...fieldLines('target', verdict, width, paint, style),
    ...target.expectations.flatMap(({ name, ok, message }) =>
      bulletLines(ok ? '✓' : '✗', `${name}: ${message}`, width, ok ? paint.green : paint.red),
    ),
    ...momentLines(target, width, paint),
    ...(rows.length > 0 ? ['', ...timelineLines(rows, width, paint)] : []),
    ...(series.length > 0 ? ['', ...series] : []),
  ];
}

/** The load as the verdict sees it. Unix ms; NaN: it never started. */
const loadOf = ({ run, series }: Result): { startAt: number; endedAt: number } => ({
  startAt: Date.parse(run.startedAt ?? ''),
  endedAt: loadRise(series.points)?.endedAt ?? Date.parse(run.endedAt),
});

function momentLines({ timings, peakTasks }: TargetResult, width: number, paint: Colours): string[] {
  const parts: string[] = [];
  if (timings.toDesiredMs !== null) parts.push(`desired count rose after ${formatShortDuration(timings.toDesiredMs)}`);
  if (timings.toRunningMs !== null) parts.push(`running tasks after ${formatShortDuration(timings.toRunningMs)}`);
  if (timings.toRecoveredMs !== null) parts.push(`p95 recovered after ${formatShortDuration(timings.toRecoveredMs)}`);
  const lines =
    parts.length > 0 ? fieldLines('scaling', `since the load increase: ${parts.join(', ')}`, width, paint) : [];
  return peakTasks === null
    ? lines
    : [...lines, ...fieldLines('peak', formatPlural(peakTasks, 'running task'), width, paint)];
}

/** A row of the table: a step, or a further event of the step above. */
type Row = { step: TimelineRow | null; event: string };

function timelineLines(rows: readonly TimelineRow[], width: number, paint: Colours): string[] {
  // ECS's events are sentences of any length: if one does not fit beside the numbers, all are listed below the table.
  const beside = rows.flatMap((row) => stepEvents(row)).every((text) => textWidth(text) <= width - NUMBERS_WIDTH);
  const cells = rows.filter(hasNews).flatMap((step): Row[] => {
    const [first = '', ...more] = beside ? stepEvents(step) : [];
    return [{ step, event: first }, ...more.map((event) => ({ step: null, event }))];
  });
  const number = (title: string, text: (row: TimelineRow) => string, drop?: number): Column<Row> => ({
    title,
    align: 'right',
    text: ({ step }) => (step === null ? '' : text(step)),
    ...(drop === undefined ? {} : { drop }),
  });
  const columns: Column<Row>[] = [
    number('time', ({ atMs }) => formatClock(atMs)),
    number('VUs', ({ vus }) => formatShort(vus), 2),
    number('req/s', ({ requestsPerSecond }) => formatShort(requestsPerSecond)),
    number('max p95', ({ worstP95 }) => formatLatency(worstP95)),
    {
      ...number('errors', ({ errorRate }) => formatShare(errorRate), 1),
      paint: ({ step }) => ((step?.errorRate ?? 0) > 0 ? paint.red : undefined),
    },
    {
      ...number('tasks', ({ reading }) =>
        reading ? `${formatShort(reading.running)}/${formatShort(reading.desired)}` : '–',
      ),
      paint: ({ step }) => (step?.reading && step.reading.running !== step.reading.desired ? paint.yellow : undefined),
    },
    ...(beside ? [{ title: 'events', text: ({ event }: Row) => event, shrinkTo: 12, drop: 3 }] : []),
  ];
  const chart = (label: string, values: (number | null)[]) =>
    `${INDENT}${paint.dim(label)} ${paint.cyan(sparkline(values))}`;
  return [
    chart(
      'load ',
      rows.map(({ requestsPerSecond }) => requestsPerSecond),
    ),
    chart(
      'tasks',
      rows.map(({ reading }) => reading?.running ?? null),
    ),
    '',
    ...tableLines(columns, cells, width - INDENT.length, paint).map((line) => INDENT + line),
    ...(beside ? [] : eventLines(rows, width, paint)),
  ];
}

/** False for an uneventful step after the load, as the observation may be long; the last step shows how long. */
function hasNews({ vus, events, reading }: TimelineRow, index: number, rows: readonly TimelineRow[]): boolean {
  const before = rows[index - 1]?.reading;
  const isSame = before?.running === reading?.running && before?.desired === reading?.desired;
  return vus !== null || events.length > 0 || !isSame || index === rows.length - 1;
}

/** The events of a step, with their time if it differs from the row's or `withTime` is set. */
function stepEvents({ events, atMs: rowAtMs }: TimelineRow, withTime = false): string[] {
  const texts = events.map(({ atMs, message }) => {
    const moment = formatClock(atMs);
    return withTime || moment !== formatClock(rowAtMs) ? `${moment} ${printable(message)}` : printable(message);
  });
  if (texts.length <= MAX_STEP_EVENTS) return texts;
  const shown = texts.slice(0, MAX_STEP_EVENTS - 1);
  return [...shown, `and ${texts.length - shown.length} more`];
}

function eventLines(rows: readonly TimelineRow[], width: number, paint: Colours): string[] {
  const texts = rows.flatMap((row) => stepEvents(row, true));
  if (texts.length === 0) return [];
  return ['', `${INDENT}${paint.dim('events')}`, ...texts.flatMap((text) => bulletLines('·', text, width))];
}
