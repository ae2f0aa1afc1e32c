/** Lines of a terminal: measured, cut and wrapped as plain text, and painted last. */
import pc from 'picocolors';

export type Paint = (text: string) => string;
export type Colours = ReturnType<typeof pc.createColors>;

/** A piece of a line with one look. */
export interface Span {
  text: string;
  paint?: Paint;
}

export type Line = readonly (string | Span)[];

/** The palette; with `enabled` false nothing is painted. */
export const palette = (enabled: boolean): Colours => pc.createColors(enabled);

// Wide and fullwidth blocks of Unicode's EastAsianWidth.txt, and pictographs that terminals draw over two columns.
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}\p{Emoji_Presentation}]/u;
const invisible = /[\p{Mn}\p{Me}\p{Cf}]/u;
// Asks for the two-column look of a pictograph, so it counts where others of its kind do not.
const emojiSelector = '\ufe0f';

function columnsOf(character: string): number {
  if (character >= ' ' && character <= '~') return 1;
  if (character === emojiSelector) return 1;
  if (invisible.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}

/** How many columns a text without escapes takes. Joined pictographs may count for more than they take. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) width += columnsOf(character);
  return width;
}

/** Names and messages come from scripts and services: whatever could move the cursor or colour becomes a space. */
export const oneLine = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();

/** The longest start of the text that fits. */
function startOf(text: string, width: number): string {
  let end = 0;
  let used = 0;
  for (const character of text) {
    used += columnsOf(character);
    if (used > width) break;
    end += character.length;
  }
  return text.slice(0, end);
}

/** The text, or its start and `…` where it is wider than `width` columns. */
export function truncate(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  return width < 1 ? '' : `${startOf(text, width - 1)}…`;
}

export const padEnd = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - textWidth(text)));
export const padStart = (text: string, width: number): string =>
  ' '.repeat(Math.max(0, width - textWidth(text))) + text;

/** Words on as many lines as they need; a word longer than a line is broken, since a path must stay whole. */
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
      const head = startOf(line, room);
      lines.push(head);
      line = line.slice(head.length);
    }
  }
  lines.push(line);
  return lines;
}

const spanOf = (part: string | Span): Span => (typeof part === 'string' ? { text: part } : part);

export const lineWidth = (line: Line): number => line.reduce((sum, part) => sum + textWidth(spanOf(part).text), 0);

/** The painted line, cut to `width` columns. */
export function paintLine(line: Line, width: number): string {
  let room = width;
  let painted = '';
  const tooLong = lineWidth(line) > width;
  for (const part of line) {
    const { text, paint } = spanOf(part);
    const cut = tooLong && textWidth(text) >= room;
    // The space makes the text wider than its room, so that the mark of a cut is there even where only later parts go.
    const shown = cut ? truncate(`${text} `, room) : text;
    painted += paint && shown !== '' ? paint(shown) : shown;
    if (cut) break;
    room -= textWidth(shown);
  }
  return painted;
}
