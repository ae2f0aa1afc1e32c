import { type Colours, type Line, type Paint, padEnd, padStart, paintLine, textWidth, truncate } from './line.ts';

export interface Column<Row> {
  title: string;
  /** Default: left; right for numbers. */
  align?: 'left' | 'right';
  text(row: Row): string;
  paint?(row: Row): Paint | undefined;
  /** Columns with a number may be dropped if there is no room, the highest number first. */
  drop?: number;
  /** May be truncated to this many columns before any column is dropped. */
  shrinkTo?: number;
}

const GAP = '  ';

/** A table with a dimmed header. @param width the most columns of a line; Infinity: no limit */
export function tableLines<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number,
  paint: Colours,
): string[] {
  const kept = columns.map((column) => {
    const texts = rows.map((row) => column.text(row));
    const natural = Math.max(textWidth(column.title), ...texts.map(textWidth));
    return { column, texts, natural, least: Math.min(natural, column.shrinkTo ?? natural) };
  });
  const least = () => kept.reduce((sum, { least }) => sum + least, GAP.length * (kept.length - 1));
  while (least() > width) {
    const lowest = kept.reduce((worst, { column }) => Math.max(worst, column.drop ?? 0), 0);
    if (lowest === 0) break;
    const index = kept.findIndex(({ column }) => column.drop === lowest);
    kept.splice(index, 1);
  }
  let spare = Math.max(0, width - least());
  const widths = kept.map(({ natural, least }) => {
    const extra = Math.min(spare, natural - least);
    spare -= extra;
    return least + extra;
  });

  const cell = (text: string, index: number, align: 'left' | 'right' = 'left') => {
    const room = widths[index] ?? 0;
    const cut = truncate(text, room);
    // No trailing spaces after the last column.
    if (align === 'right') return padStart(cut, room);
    return index === kept.length - 1 ? cut : padEnd(cut, room);
  };
  const joined = (cells: Line) => cells.flatMap((part, i) => (i === 0 ? [part] : [GAP, part]));
  const header = joined(kept.map(({ column }, i) => ({ text: cell(column.title, i, column.align), paint: paint.dim })));
  const lines = rows.map((row, r) =>
    joined(
      kept.map(({ column, texts }, i) => {
        const style = column.paint?.(row);
        const text = cell(texts[r] ?? '', i, column.align);
        return style ? { text, paint: style } : text;
      }),
    ),
  );
  return [header, ...lines].map((line) => paintLine(line, width).trimEnd());
}
