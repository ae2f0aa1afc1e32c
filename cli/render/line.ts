/** Lines of text on a terminal: measured, truncated and wrapped as plain text, and painted last. */
import pc from 'picocolors';

export type Paint = (text: string) => string;
export type Colours = ReturnType<typeof pc.createColors>;

/** A part of a line with one style. */
export interface Span {
  text: string;
  paint?: Paint;
}

export type Line = readonly (string | Span)[];

/** Colours; with `enabled` false they return the text as it is. */
export const palette = (enabled: boolean): Colours => pc.createColors(enabled);

// Wide and fullwidth blocks of Unicode's EastAsianWidth.txt, and pictographs that terminals draw over two columns.
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}\p{Emoji_Presentation}]/u;
const INVISIBLE = /[\p{Mn}\p{Me}\p{Cf}]/u;
// Selects the two-column form of a pictograph, so it counts as a column, unlike other invisible characters.
const EMOJI_SELECTOR = '\ufe0f';

function columnsOf(character: string): number {
  if (character >= ' ' && character <= '~') return 1;
  if (character === EMOJI_SELECTOR) return 1;
  if (INVISIBLE.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/** The columns that a text without escapes takes; joined pictographs may count for more than they take. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) width += columnsOf(character);
  return width;
}

/** Makes a name or message of a script or service safe to print: control characters become spaces. */
export const printable = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();

/** The longest prefix of the text that fits. */
function prefixOf(text: string, width: number): string {
  let end = 0;
  let used = 0;
  for (const character of text) {
    used += columnsOf(character);
    if (used > width) break;
    end += character.length;
  }
  return text.slice(0, end);
}

/** The text, or its start and `…` if it is wider than `width` columns. */
export function truncate(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  return width < 1 ? '' : `${prefixOf(text, width - 1)}…`;
}

export const padEnd = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - textWidth(text)));
export const padStart = (text: string, width: number): string =>
  ' '.repeat(Math.max(0, width - textWidth(text))) + text;

/** Wraps at spaces; a word longer than a line is broken, never truncated: a path must stay complete. */
export function wrap(text: string, width: number): string[] {
  const room = Math.max(2, width);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && textWidth(line) + 1 + textWidth(word) <= room) {
      line += ` ${word}`;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    while (textWidth(line) > room) {
      const head = prefixOf(line, room);
      lines.push(head);
      line = line.slice(head.length);
    }
  }
  lines.push(line);
  return lines;
}

const spanOf = (part: string | Span): Span => (typeof part === 'string' ? { text: part } : part);

export const lineWidth = (line: Line): number => line.reduce((sum, part) => sum + textWidth(spanOf(part).text), 0);

/** The painted line, truncated to `width` columns. */
export function paintLine(line: Line, width: number): string {
  let room = width;
  let painted = '';
  const tooLong = lineWidth(line) > width;
  for (const part of line) {
    const { text, paint } = spanOf(part);
    const cut = tooLong && textWidth(text) >= room;
    // The added space makes the text too wide, so that it ends with `…` even if only later parts are dropped.
    const shown = cut ? truncate(`${text} `, room) : text;
    painted += paint && shown !== '' ? paint(shown) : shown;
    if (cut) break;
    room -= textWidth(shown);
  }
  return painted;
}

/** Columns of a label. */
export const LABEL_WIDTH = 11;

/** A label and its text, which continues below itself if it needs several lines. */
export function fieldLines(label: string, text: string, width: number, paint: Colours, style?: Paint): string[] {
  return wrap(printable(text), width - LABEL_WIDTH).map((line, i) => {
    const head = padEnd(i === 0 ? truncate(printable(label), LABEL_WIDTH - 1) : '', LABEL_WIDTH);
    return paint.dim(head) + (style ? style(line) : line);
  });
}

/** A list item: a mark, and a text that continues below itself. */
export function bulletLines(mark: string, text: string, width: number, style?: Paint, indent = 2): string[] {
  return wrap(printable(text), width - indent - 2).map((line, i) => {
    const shown = `${i === 0 ? mark : ' '} ${line}`;
    return ' '.repeat(indent) + (style ? style(shown) : shown);
  });
}
