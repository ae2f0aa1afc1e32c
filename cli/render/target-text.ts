import type { Result, TargetResult } from '../../core/contract/result.ts';
import { sparkline } from './charts.ts';
import { fieldLines, pointLines } from './field.ts';
import { formatClock, formatCount, formatDuration, formatLatency, formatShare, formatShort } from './format.ts';
import { type Colours, oneLine } from './line.ts';
import { seriesLines } from './series-text.ts';
import { type Column, tableLines } from './table.ts';
import { type TimelineRow, timelineRows } from './timeline.ts';

const MAX_ROWS = 20;
const MAX_EVENTS_OF_A_STEP = 3;
/** From here on events stand beside the numbers, below it under the table. */
const EVENTS_BESIDE_FROM = 70;
const INDENT = '  ';

/** How the target scaled: what was expected of it, a table of load and tasks over time, and its series. */
export function targetLines(result: Result, target: TargetResult, width: number, paint: Colours): string[] {
  const failed = target.expectations.filter(({ ok }) => !ok).length;
  const verdict =
    target.expectations.length === 0
      ? 'nothing was expected of it'
      : failed === 0
        ? 'scaled as expected'
        : `missed ${failed} of ${target.expectations.length} expectations`;
  const look = failed > 0 ? paint.red : target.expectations.length > 0 ? paint.green : undefined;
  const rows = timelineRows(result, target, MAX_ROWS);
  const series = seriesLines(target, Date.parse(result.run.startedAt ?? ''), width, paint);
  return [
    ...fieldLines('target', verdict, width, paint, look),
    ...target.expectations.flatMap(({ name, ok, message }) =>
      pointLines(ok ? '✓' : '✗', `${name}: ${message}`, width, ok ? paint.green : paint.red),
    ),
    ...momentLines(target, width, paint),
    ...(rows.length > 0 ? ['', ...timelineLines(rows, width, paint)] : []),
    ...(series.length > 0 ? ['', ...series] : []),
  ];
}

function momentLines({ timings, peakTasks }: TargetResult, width: number, paint: Colours): string[] {
  const parts: string[] = [];
  if (timings.toDesiredMs !== null) parts.push(`more tasks desired after ${formatDuration(timings.toDesiredMs)}`);
  if (timings.toRunningMs !== null) parts.push(`running after ${formatDuration(timings.toRunningMs)}`);
  if (timings.toRecoveredMs !== null) parts.push(`latency recovered after ${formatDuration(timings.toRecoveredMs)}`);
  const lines =
    parts.length > 0 ? fieldLines('scaling', `from the load's rise: ${parts.join(', ')}`, width, paint) : [];
  return peakTasks === null
    ? lines
    : [...lines, ...fieldLines('peak', `${formatCount(peakTasks)} running`, width, paint)];
}

/** A row of the table: a step, or one more event of the step above. */
type Cells = { step: TimelineRow | null; event: string };

function timelineLines(rows: readonly TimelineRow[], width: number, paint: Colours): string[] {
  const beside = width >= EVENTS_BESIDE_FROM;
  const cells = rows.flatMap((step): Cells[] => {
    const [first = '', ...more] = beside ? stepEvents(step) : [];
    return [{ step, event: first }, ...more.map((event) => ({ step: null, event }))];
  });
  const number = (title: string, text: (row: TimelineRow) => string, drop?: number): Column<Cells> => ({
    title,
    align: 'right',
    text: ({ step }) => (step === null ? '' : text(step)),
    ...(drop === undefined ? {} : { drop }),
  });
  const columns: Column<Cells>[] = [
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
    ...(beside ? [{ title: 'events', text: ({ event }: Cells) => event, shrinkTo: 12, drop: 3 }] : []),
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

/** What happened in a step. The moment is told where it is not that of the row itself. */
function stepEvents({ events, atMs: rowAtMs }: TimelineRow, always = false): string[] {
  const texts = events.map(({ atMs, message }) => {
    const moment = formatClock(atMs);
    return always || moment !== formatClock(rowAtMs) ? `${moment} ${oneLine(message)}` : oneLine(message);
  });
  if (texts.length <= MAX_EVENTS_OF_A_STEP) return texts;
  const shown = texts.slice(0, MAX_EVENTS_OF_A_STEP - 1);
  return [...shown, `and ${texts.length - shown.length} more`];
}

function eventLines(rows: readonly TimelineRow[], width: number, paint: Colours): string[] {
  const texts = rows.flatMap((row) => stepEvents(row, true));
  if (texts.length === 0) return [];
  return ['', `${INDENT}${paint.dim('events')}`, ...texts.flatMap((text) => pointLines('·', text, width))];
}
