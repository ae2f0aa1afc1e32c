import { formatCount, formatShortDuration } from './format.ts';
import { type Colours, palette, printable } from './line.ts';
import { type Column, tableLines } from './table.ts';

export interface RunRow {
  id: string;
  name: string;
  /** The phase of the run, such as `running` or `finished`. */
  state: string;
  /** ISO 8601; null: the load has not started. */
  startedAt: string | null;
  /** ms; null: not known yet. */
  durationMs: number | null;
  tasks: number;
  /** Null: the run has not ended. */
  verdict: { passed: boolean; exitCode: number } | null;
}

/** Below this many columns, one column shows the verdict of a finished run and the state of any other. */
const NARROW = 60;

const verdictOf = ({ verdict }: RunRow) =>
  verdict === null ? '–' : verdict.passed ? 'passed' : `failed (${verdict.exitCode})`;

/** `2026-11-23 04:30:00`, in UTC; a text that is not a date stays as it is. */
function startOf({ startedAt }: RunRow): string {
  if (startedAt === null) return '–';
  const at = new Date(startedAt);
  return Number.isNaN(at.getTime()) ? printable(startedAt) : at.toISOString().slice(0, 19).replace('T', ' ');
}

function columns(width: number, paint: Colours): Column<RunRow>[] {
  const style = ({ verdict }: RunRow) => (verdict === null ? paint.cyan : verdict.passed ? paint.green : paint.red);
  const ending: Column<RunRow>[] =
    width < NARROW
      ? [{ title: 'state', text: (row) => (row.verdict ? verdictOf(row) : printable(row.state)), paint: style }]
      : [
          { title: 'state', text: (row) => printable(row.state), drop: 2 },
          { title: 'verdict', text: verdictOf, paint: style },
        ];
  return [
    { title: 'run', text: ({ id }) => printable(id) },
    { title: 'name', text: ({ name }) => printable(name), drop: 5, shrinkTo: 8 },
    { title: 'started (UTC)', text: startOf, drop: 4 },
    { title: 'took', text: ({ durationMs }) => formatShortDuration(durationMs), align: 'right', drop: 1 },
    { title: 'tasks', text: ({ tasks }) => formatCount(tasks), align: 'right', drop: 3 },
    ...ending,
  ];
}

/**
 * A table of runs in the order given. Narrow terminals show fewer columns, but always the run's id and outcome.
 *
 * @param width columns of the terminal; Infinity: nothing is truncated or left out, as for a pipe
 */
export function runsText(rows: readonly RunRow[], width: number, colours = false): string {
  if (rows.length === 0) return 'no runs\n';
  const paint = palette(colours);
  return `${tableLines(columns(width, paint), rows, width, paint).join('\n')}\n`;
}
