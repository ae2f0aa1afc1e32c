import { type Colours, type Line, type Paint, padEnd, padStart, paintLine, textWidth, truncate } from './line.ts';

export interface Column<Row> {
  title: string;
  /** Numbers stand right. Default: left. */
  align?: 'left' | 'right';
  text(row: Row): string;
  paint?(row: Row): Paint | undefined;
  /** Columns with a number may go where there is no room, the highest number first. */
  drop?: number;
  /** May be cut down to so many columns before any other column goes. */
  shrinkTo?: number;
}

const GAP = '  ';

/** A table with a header in a weaker look; no line is wider than `width`. */
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
    // The last column needs no spaces after it.
    if (align === 'right') return padStart(cut, room);
    return index === kept.length - 1 ? cut : padEnd(cut, room);
  };
  const joined = (cells: Line) => cells.flatMap((part, i) => (i === 0 ? [part] : [GAP, part]));
  const header = joined(kept.map(({ column }, i) => ({ text: cell(column.title, i, column.align), paint: paint.dim })));
  const lines = rows.map((row, r) =>
    joined(
      kept.map(({ column, texts }, i) => {
        const look = column.paint?.(row);
        const text = cell(texts[r] ?? '', i, column.align);
        return look ? { text, paint: look } : text;
      }),
    ),
  );
  return [header, ...lines].map((line) => paintLine(line, width).trimEnd());
}
