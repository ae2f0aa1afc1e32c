import { printable, textWidth } from './line.ts';
import { type LiveView, liveLine, liveLines } from './live-view.ts';

/** The part of process.stderr that a display needs. */
export interface TerminalStream {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
  rows?: number;
}

/** How often a stream that is not a terminal gets a line, ms. */
const PLAIN_INTERVAL_MS = 5000;

const cursorUp = (rows: number) => (rows > 0 ? `\u001b[${rows}A` : '');
const CLEAR_LINE_END = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';

/**
 * Shows a run's progress. On a terminal it redraws a block in place and leaves the cursor visible on the line below it, so
 * that the process may end at any moment. Elsewhere it writes plain lines.
 */
export class LiveDisplay {
  /** Widths of the lines on the terminal now. */
  private drawn: number[] = [];
  private plainAt = Number.NEGATIVE_INFINITY;
  private phase: LiveView['phase'] | null = null;
  private warning: string | null = null;

  constructor(
    private readonly stream: TerminalStream,
    private readonly colours: boolean,
  ) {}

  /**
   * Shows the view. A stream that is not a terminal gets a line every five seconds, at each change of phase and for each
   * new warning.
   *
   * @param now any monotonic clock, ms
   */
  draw(view: LiveView, now: number): void {
    if (this.stream.isTTY) this.redraw(view);
    else this.writePlain(view, now);
  }

  /** Removes the block, so that other text can be written; the next `draw` shows it again below that text. */
  clear(): void {
    if (this.drawn.length === 0) return;
    this.stream.write(`${this.toTop()}${CLEAR_BELOW}`);
    this.drawn = [];
  }

  /** Writes lines of text, above the block. */
  print(lines: readonly string[]): void {
    if (lines.length === 0) return;
    this.clear();
    this.stream.write(`${lines.join('\n')}\n`);
  }

  private redraw(view: LiveView): void {
    // The last column stays empty: some terminals wrap as soon as it is filled.
    const width = Math.max(1, (this.stream.columns || 80) - 1);
    const plain = liveLines(view, width, false).slice(0, Math.max(1, (this.stream.rows || 24) - 1));
    const lines = this.colours ? liveLines(view, width, true).slice(0, plain.length) : plain;
    const body = lines.map((line) => `${line}${CLEAR_LINE_END}\n`).join('');
    this.stream.write(`${this.toTop()}${body}${CLEAR_BELOW}`);
    this.drawn = plain.map(textWidth);
  }

  /** Moves to the first line of the block. If the terminal has become narrower, its lines have wrapped. */
  private toTop(): string {
    const columns = Math.max(1, this.stream.columns || 80);
    const rows = this.drawn.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0);
    return `\r${cursorUp(rows)}`;
  }

  private writePlain(view: LiveView, now: number): void {
    const due = now - this.plainAt >= PLAIN_INTERVAL_MS || view.phase !== this.phase;
    if (due) {
      this.stream.write(`${liveLine(view)}\n`);
      this.plainAt = now;
      this.phase = view.phase;
    }
    if (view.warning !== null && view.warning !== this.warning) {
      this.stream.write(`warning: ${printable(view.warning)}\n`);
      this.warning = view.warning;
    }
  }
}
