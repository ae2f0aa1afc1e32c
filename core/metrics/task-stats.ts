/** Over how many consecutive seconds the CPU's use is averaged. */
const BUSY_SECONDS = 5;

export interface TaskStatsJson {
  task: number;
  requests: number;
  iterations: number;
  /** -1: none yet. */
  lastT: number;
  peak: number;
  pieces: [seconds: number, busy: number][];
}

/** What is known of one task. */
export class TaskStats {
  requests = 0;
  iterations = 0;
  /** The latest second of load that has come from this task, Unix seconds; -1: none yet. */
  lastT = -1;
  private peak = 0;
  /** The latest windows, oldest first: just enough of them to span BUSY_SECONDS. */
  private pieces: [seconds: number, busy: number][] = [];

  /** Adds the next window of load of this task; windows come in order. */
  addBusy(seconds: number, busy: number): void {
    if (seconds <= 0) return;
    this.pieces.push([seconds, busy]);
    let spanned = this.pieces.reduce((sum, [length]) => sum + length, 0);
    while (spanned - (this.pieces[0]?.[0] ?? 0) >= BUSY_SECONDS) spanned -= this.pieces.shift()?.[0] ?? 0;
    if (spanned >= BUSY_SECONDS) this.peak = Math.max(this.peak, this.latestMean());
  }

  /** The highest mean use of the CPU over any five consecutive seconds, 0 to 1; over all of a shorter test. */
  get peakBusy(): number {
    return this.peak > 0 ? this.peak : this.latestMean();
  }

  /** Adds another part of the same task. Five seconds that lie across two parts are not looked at. */
  merge(other: TaskStats): void {
    this.requests += other.requests;
    this.iterations += other.iterations;
    this.peak = Math.max(this.peak, other.peak);
    if (other.lastT > this.lastT || this.pieces.length === 0) this.pieces = [...other.pieces];
    this.lastT = Math.max(this.lastT, other.lastT);
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

  /** The mean over the latest BUSY_SECONDS, or over what there is. */
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
