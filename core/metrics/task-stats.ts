import type { Values } from '../contract/window.ts';
import { sumOf } from './accumulators.ts';

/** How long a stretch the use of the CPU is averaged over, seconds. */
const BUSY_SECONDS = 5;

export interface TaskStatsJson {
  task: number;
  requests: number;
  iterations: number;
  lastT: number;
  peak: number;
  pieces: [seconds: number, busy: number][];
}

/** What one task did, and how busy it was. */
export class TaskStats {
  requests = 0;
  iterations = 0;
  /** The latest second of load that this task has shipped, Unix seconds; -1: none yet. */
  lastT = -1;
  private peak = 0;
  /** The latest windows, oldest first: just enough of them to span BUSY_SECONDS. */
  private pieces: [seconds: number, busy: number][] = [];

  add(metric: string, values: Values): void {
    if (metric === 'http_reqs') this.requests += sumOf(values);
    if (metric === 'iterations') this.iterations += sumOf(values);
  }

  /**
   * Adds the next window of load; windows come in order.
   * @param busy the share of the CPU that was in use, 0 to 1
   */
  addBusy(seconds: number, busy: number): void {
    if (seconds <= 0) return;
    this.pieces.push([seconds, busy]);
    let spanned = this.pieces.reduce((sum, [length]) => sum + length, 0);
    while (spanned - (this.pieces[0]?.[0] ?? 0) >= BUSY_SECONDS) spanned -= this.pieces.shift()?.[0] ?? 0;
    if (spanned >= BUSY_SECONDS) this.peak = Math.max(this.peak, this.latestMean());
  }

  /** The highest mean use of the CPU over five consecutive seconds, or over all of a shorter test; 0 to 1. */
  get peakBusy(): number {
    return this.peak > 0 ? this.peak : this.latestMean();
  }

  toJson(task: number): TaskStatsJson {
    const { requests, iterations, lastT, peak, pieces } = this;
    return { task, requests, iterations, lastT, peak, pieces: [...pieces] };
  }

  static fromJson({ requests, iterations, lastT, peak, pieces }: TaskStatsJson): TaskStats {
    const stats = Object.assign(new TaskStats(), { requests, iterations, lastT });
    stats.peak = peak;
    stats.pieces = [...pieces];
    return stats;
  }

  /** The mean over the latest BUSY_SECONDS, or over fewer if there are not as many. */
  private latestMean(): number {
    let left = BUSY_SECONDS;
    let used = 0;
    for (const [seconds, busy] of this.pieces.toReversed()) {
      const share = Math.min(left, seconds);
      used += share * busy;
      left -= share;
    }
    return left < BUSY_SECONDS ? used / (BUSY_SECONDS - left) : 0;
  }
}
