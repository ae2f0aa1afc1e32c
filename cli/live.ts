import type { Progress } from '../core/contract/progress.ts';
import { LiveDisplay, type TerminalStream } from './render/live-display.ts';

/** How many seconds of history the sparklines show. */
const HISTORY = 60;

/** Turns the coordinator's progress into the live view on a stream. */
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

  /** Takes the view away, for what shall stay on the screen. */
  clear(): void {
    this.display.clear();
  }
}

function remember<T>(history: T[], value: T): void {
  history.push(value);
  if (history.length > HISTORY) history.shift();
}
