import type { Progress } from '../core/contract/progress.ts';
import { ConsoleFeed } from './render/console-text.ts';
import { LiveDisplay, type TerminalStream } from './render/live-display.ts';

const MIN_WIDTH = 40;
const PIPE_WIDTH = 100;

/** Columns to write text for; a pipe gets 100. */
export const widthOf = (stream: NodeJS.WriteStream): number =>
  stream.isTTY ? Math.max(MIN_WIDTH, stream.columns ?? 80) : PIPE_WIDTH;

/** Columns for a table, which must cut what does not fit; through a pipe nothing is cut. */
export const tableWidthOf = (stream: NodeJS.WriteStream): number =>
  stream.isTTY ? widthOf(stream) : Number.POSITIVE_INFINITY;

/** Whether to use colours: on a terminal, unless NO_COLOR is set (https://no-color.org). */
export const coloursOf = (stream: NodeJS.WriteStream): boolean =>
  (process.env.NO_COLOR ?? '') === '' && (stream.isTTY === true || (process.env.FORCE_COLOR ?? '') !== '');

/** How many seconds of history the sparklines show. */
const HISTORY = 60;

export interface LiveProgressOptions {
  /** Shows the live view, which `--quiet` turns off. Default: true. */
  view?: boolean;
  /** Prints the lines of the scripts' consoles, which `--quiet` does not turn off, as in k6. Default: false. */
  console?: boolean;
}

/** The live view of a run's progress on a stream, and above it the lines of its scripts' consoles. */
export class LiveProgress {
  private readonly display: LiveDisplay;
  private readonly feed: ConsoleFeed | null;
  private readonly view: boolean;
  private readonly load: number[] = [];
  private readonly target: (number | null)[] = [];

  constructor(stream: TerminalStream, colours: boolean, { view = true, console = false }: LiveProgressOptions = {}) {
    this.display = new LiveDisplay(stream, colours);
    this.feed = console ? new ConsoleFeed({ isTerminal: stream.isTTY === true, colours }) : null;
    this.view = view;
  }

  show(progress: Progress): void {
    this.display.print(this.feed?.next(progress) ?? []);
    if (!this.view) return;
    if (progress.startAt !== null && progress.phase === 'running') {
      remember(this.load, progress.requestsPerSecond);
      remember(this.target, progress.target?.running ?? null);
    }
    this.display.draw(
      {
        ...progress,
        vusMax: progress.maxVUs,
        errorRate: progress.requests > 0 ? progress.errorRate : null,
        thresholds: progress.thresholds.map(({ key, source, state }) => ({ name: `${key} ${source}`, state })),
        loadHistory: this.load,
        targetHistory: this.target,
        warning: progress.warnings.at(-1) ?? null,
      },
      progress.at,
    );
  }

  /** Removes the view, so that something else can be printed. */
  clear(): void {
    this.display.clear();
  }
}

function remember<T>(history: T[], value: T): void {
  history.push(value);
  if (history.length > HISTORY) history.shift();
}
