/** One answer of a server that tells the time. All Unix ms. */
export interface TimedAnswer {
  /** When the question left, by our clock. */
  sentAt: number;
  /** When the answer had come, by our clock. */
  receivedAt: number;
  /** The server's time in whole seconds, cut off, as the header `Date` has it (RFC 9110, 6.6.1). */
  date: number;
}

/** `Date` counts whole seconds, ms. */
const RESOLUTION_MS = 1000;

/**
 * How far a server's clock is ahead of ours, bounded by its answers. The server's time was in [date, date + 1 s) at some
 * moment between sentAt and receivedAt, so each answer bounds the offset to [date - receivedAt, date + 1000 - sentAt];
 * many answers, at different places within a second, narrow that to about a round trip. (Marzullo's algorithm for one
 * server that never lies; NTP uses the same intersection.)
 */
export class ClockBounds {
  private low = Number.NEGATIVE_INFINITY;
  private high = Number.POSITIVE_INFINITY;

  /** Answers that contradict the ones before mean that a clock was stepped, or has drifted: the bounds start anew. */
  observe({ sentAt, receivedAt, date }: TimedAnswer): void {
    const low = date - receivedAt;
    const high = date + RESOLUTION_MS - sentAt;
    if (!(low <= high)) return; // not a time, or our own clock was stepped meanwhile
    this.low = Math.max(this.low, low);
    this.high = Math.min(this.high, high);
    if (this.low > this.high) [this.low, this.high] = [low, high];
  }

  /** The server's clock minus ours, ms: the offset nearest to 0 that fits all answers. Nothing is known: 0. */
  offsetMs(): number {
    return Math.min(Math.max(0, this.low), this.high);
  }
}
