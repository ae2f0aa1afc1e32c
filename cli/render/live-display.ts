import { oneLine, textWidth } from './line.ts';
import { type LiveView, liveLine, liveLines } from './live-view.ts';

/** The part of process.stderr that a display needs. */
export interface TerminalStream {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
  rows?: number;
}

/** How often a stream that is no terminal gets a line, ms. */
const PLAIN_EVERY_MS = 5000;

const cursorUp = (rows: number) => (rows > 0 ? `\u001b[${rows}A` : '');
const CLEAR_LINE_END = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';

/**
 * Shows a run while it goes on. On a terminal it redraws a block in place, and leaves the cursor on the line below the
 * block, visible, so that an end at any moment leaves the terminal in order. Elsewhere it writes plain lines.
 */
export class LiveDisplay {
  readonly #stream: TerminalStream;
  readonly #colours: boolean;
  /** Widths of the lines that are on the terminal now. */
  #drawn: number[] = [];
  #plainAt = Number.NEGATIVE_INFINITY;
  #phase: LiveView['phase'] | null = null;
  #warning: string | null = null;

  constructor(stream: TerminalStream, colours: boolean) {
    this.#stream = stream;
    this.#colours = colours;
  }

  /**
   * Shows the view. A stream that is no terminal gets a line every five seconds, at each change of phase and for each
   * new warning.
   *
   * @param now any steady clock, ms
   */
  draw(view: LiveView, now: number): void {
    if (this.#stream.isTTY) this.#redraw(view);
    else this.#writePlain(view, now);
  }

  /** Takes the block away, for whoever wants to write something; the next `draw` shows it again below that. */
  clear(): void {
    if (this.#drawn.length === 0) return;
    this.#stream.write(`${this.#toTop()}${CLEAR_BELOW}`);
    this.#drawn = [];
  }

  #redraw(view: LiveView): void {
    // The last column stays free: some terminals break the line as soon as it is taken.
    const width = Math.max(1, (this.#stream.columns || 80) - 1);
    const plain = liveLines(view, width, false).slice(0, Math.max(1, (this.#stream.rows || 24) - 1));
    const lines = this.#colours ? liveLines(view, width, true).slice(0, plain.length) : plain;
    const body = lines.map((line) => `${line}${CLEAR_LINE_END}\n`).join('');
    this.#stream.write(`${this.#toTop()}${body}${CLEAR_BELOW}`);
    this.#drawn = plain.map(textWidth);
  }

  /** Moves to the first line of the block. A terminal that has become narrower has broken its lines. */
  #toTop(): string {
    const columns = Math.max(1, this.#stream.columns || 80);
    const rows = this.#drawn.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0);
    return `\r${cursorUp(rows)}`;
  }

  #writePlain(view: LiveView, now: number): void {
    const due = now - this.#plainAt >= PLAIN_EVERY_MS || view.phase !== this.#phase;
    if (due) {
      this.#stream.write(`${liveLine(view)}\n`);
      this.#plainAt = now;
      this.#phase = view.phase;
    }
    if (view.warning !== null && view.warning !== this.#warning) {
      this.#stream.write(`warning: ${oneLine(view.warning)}\n`);
      this.#warning = view.warning;
    }
  }
}
