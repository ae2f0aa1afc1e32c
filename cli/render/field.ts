import { type Colours, oneLine, type Paint, padEnd, truncate, wrap } from './line.ts';

const LABEL_WIDTH = 11;

/** A label and its text, which goes on below itself where it needs several lines. */
export function fieldLines(label: string, text: string, width: number, paint: Colours, look?: Paint): string[] {
  return wrap(oneLine(text), width - LABEL_WIDTH).map((line, i) => {
    const head = padEnd(i === 0 ? truncate(oneLine(label), LABEL_WIDTH - 1) : '', LABEL_WIDTH);
    return paint.dim(head) + (look ? look(line) : line);
  });
}

/** A point of a list: a mark, and a text that goes on below itself. */
export function pointLines(mark: string, text: string, width: number, look?: Paint, indent = 2): string[] {
  const room = width - indent - 2;
  return wrap(oneLine(text), room).map((line, i) => {
    const shown = `${i === 0 ? mark : ' '} ${line}`;
    return ' '.repeat(indent) + (look ? look(shown) : shown);
  });
}
