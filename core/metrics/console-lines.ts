import type { CellLine, ConsoleLine } from '../contract/window.ts';

/** A line of a script's console, of one task. */
export interface NumberedLine extends ConsoleLine {
  /** Counts the lines of the run from 1, in the order in which they were merged. */
  n: number;
  task: number;
}

export interface ConsoleLinesJson {
  lines: NumberedLine[];
  last: number;
  held: number;
}

const MAX_LINES = 200;
/** Of all messages together, characters. */
const MAX_LENGTH = 64 * 1024;

/** The latest lines that the tasks' scripts wrote by `console.log` or the like. */
export class ConsoleLines {
  /** How many were held back by the tasks. */
  held = 0;
  /** The oldest first. */
  private lines: NumberedLine[] = [];
  private last = 0;
  private length = 0;

  add({ console = [], consoleHeld = 0 }: CellLine, task: number, clockOffsetMs: number): void {
    this.held += consoleHeld;
    for (const { t, level, message } of console) {
      this.last += 1;
      this.push({ n: this.last, t: t + clockOffsetMs, task, level, message });
    }
  }

  /** The latest lines whose messages have at most `maxLength` characters together, the oldest first. */
  latest(maxLength: number): NumberedLine[] {
    let left = maxLength;
    let from = this.lines.length;
    while (from > 0) {
      left -= this.lines[from - 1]?.message.length ?? 0;
      if (left < 0) break;
      from -= 1;
    }
    return this.lines.slice(from);
  }

  toJson(): ConsoleLinesJson {
    return { lines: [...this.lines], last: this.last, held: this.held };
  }

  static fromJson({ lines, last, held }: ConsoleLinesJson): ConsoleLines {
    const all = new ConsoleLines();
    for (const line of lines) all.push(line);
    return Object.assign(all, { last, held });
  }

  private push(line: NumberedLine): void {
    this.lines.push(line);
    this.length += line.message.length;
    while (this.lines.length > MAX_LINES || this.length > MAX_LENGTH) {
      this.length -= this.lines.shift()?.message.length ?? 0;
    }
  }
}
