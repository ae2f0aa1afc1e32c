import { cpus } from 'node:os';

/** The outcome of one benchmark. */
export interface Report {
  name: string;
  title: string;
  /** How it was measured; what to keep in mind. */
  notes: string[];
  head: string[];
  rows: string[][];
  aims: Aim[];
  /** The numbers behind the rows, for `--json`. */
  data: unknown;
}

/** A goal and the measured value: the median of several. */
export interface Aim {
  what: string;
  value: number;
  atMost: number;
}

export interface Machine {
  processor: string;
  processors: number;
  node: string;
  platform: string;
}

export const thisMachine = (): Machine => ({
  processor: cpus()[0]?.model ?? 'unknown',
  processors: cpus().length,
  node: process.version,
  platform: `${process.platform} ${process.arch}`,
});

/** @internal exported for its test */
export const isMet = ({ value, atMost }: Aim): boolean => value <= atMost;

export function markdown(reports: readonly Report[], machine: Machine): string {
  const on = `${machine.processors} × ${machine.processor}, ${machine.platform}, Node ${machine.node}`;
  return [`Measured on ${on}.`, ...reports.map(section)].join('\n\n');
}

function section({ title, head, rows, aims, notes }: Report): string {
  const verdicts = aims.map((aim) => {
    const { what, value, atMost } = aim;
    return `- ${isMet(aim) ? '✓' : '✗'} ${what}: ${short(value)}, aim: at most ${short(atMost)}`;
  });
  return [`### ${title}`, table(head, rows), verdicts.join('\n'), notes.join('\n')]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** A Markdown table; the first column is text, the others are numbers. @internal exported for its test */
export function table(head: readonly string[], rows: readonly string[][]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

/** Three significant digits. */
const short = (value: number) => String(Number(value.toPrecision(3)));
