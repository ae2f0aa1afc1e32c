import type { Values } from '../contract/window.ts';
import { sumOf } from './accumulators.ts';

/** How long a stretch the use of the CPU is averaged over, seconds. */
const BUSY_SECONDS = 5;

export interface TaskStatsJson {
  task: number;
  requests: number;
  iterations: number;
  delivered: number;
  peak: number;
  peakOwn: number | null;
  pieces: Piece[];
}

/** The use of the CPU over some seconds: all of it, and the task's own part; null: not known. */
type Piece = [seconds: number, busy: number, own: number | null];

/** What one task did, and how busy it was. */
export class TaskStats {
  requests = 0;
  iterations = 0;
  /** Start of the latest cell that this task has delivered whole, Unix seconds, before the start of the load too; -1: none. */
  delivered = -1;
  private peak = 0;
  private peakOwn: number | null = null;
  /** The latest windows, oldest first: just enough of them to span BUSY_SECONDS. */
  private pieces: Piece[] = [];

  add(metric: string, values: Values): void {
    if (metric === 'http_reqs') this.requests += sumOf(values);
    if (metric === 'iterations') this.iterations += sumOf(values);
  }

  /**
   * Adds the next window of load; windows come in order.
   * @param busy the share of the CPU that was in use, 0 to 1
   * @param own the part of it that this task used itself; not given: not known
   */
  addBusy(seconds: number, busy: number, own: number | null = null): void {
    if (seconds <= 0) return;
    this.pieces.push([seconds, busy, own]);
    let spanned = this.pieces.reduce((sum, [length]) => sum + length, 0);
    while (spanned - (this.pieces[0]?.[0] ?? 0) >= BUSY_SECONDS) spanned -= this.pieces.shift()?.[0] ?? 0;
    const latest = this.latestMean();
    if (spanned < BUSY_SECONDS || latest.busy <= this.peak) return;
    this.peak = latest.busy;
    this.peakOwn = latest.own;
  }

  /** The highest mean use of the CPU over five consecutive seconds, or over all of a shorter test; 0 to 1. */
  get peakBusy(): number {
    return this.peak > 0 ? this.peak : this.latestMean().busy;
  }

  /** The task's own part of `peakBusy`; null: not known. */
  get peakOwnBusy(): number | null {
    return this.peak > 0 ? this.peakOwn : this.latestMean().own;
  }

  toJson(task: number): TaskStatsJson {
    const { requests, iterations, delivered, peak, peakOwn, pieces } = this;
    return { task, requests, iterations, delivered, peak, peakOwn, pieces: [...pieces] };
  }

  static fromJson({ requests, iterations, delivered, peak, peakOwn, pieces }: TaskStatsJson): TaskStats {
    const stats = Object.assign(new TaskStats(), { requests, iterations, delivered });
    stats.peak = peak;
    stats.peakOwn = peakOwn;
    stats.pieces = [...pieces];
    return stats;
  }

  /** The means over the latest BUSY_SECONDS, or over fewer if there are not as many. */
  private latestMean(): { busy: number; own: number | null } {
    let left = BUSY_SECONDS;
    let busy = 0;
    let own: number | null = 0;
    for (const [seconds, all, part] of this.pieces.toReversed()) {
      const share = Math.min(left, seconds);
      busy += share * all;
      own = own === null || part === null ? null : own + share * part;
      left -= share;
    }
    const covered = BUSY_SECONDS - left;
    if (covered <= 0) return { busy: 0, own: 0 };
    return { busy: busy / covered, own: own === null ? null : own / covered };
  }
}
