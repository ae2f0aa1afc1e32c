import type { Progress } from '../core/contract/progress.ts';
import { LiveDisplay, type TerminalStream } from './render/live-display.ts';

/** How many seconds of history the sparklines show. */
const HISTORY = 60;

/** The live view of a run's progress on a stream. */
export class Live {
  private readonly display: LiveDisplay;
  private readonly load: number[] = [];
  private readonly target: (number | null)[] = [];

  constructor(stream: TerminalStream, colours: boolean) {
    this.display = new LiveDisplay(stream, colours);
  }

  show(progress: Progress): void {
    if (progress.startAt !== null && progress.phase === 'running') {
      remember(this.load, progress.requestsPerSecond);
      remember(this.target, progress.target?.running ?? null);
    }
    this.display.draw(
      {
        ...progress,
        vusMax: progress.maxVUs,
        errorRate: progress.requests > 0 ? progress.errorRate : null,
        failingThresholds: progress.failing,
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
