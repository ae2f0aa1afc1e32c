/** One response of a server with its time. All Unix ms. */
export interface TimedResponse {
  /** When the request was sent, by our clock. */
  sentAt: number;
  /** When the response was received, by our clock. */
  receivedAt: number;
  /** The server's time, truncated to whole seconds as in the `Date` header (RFC 9110, 6.6.1). */
  date: number;
}

/** Resolution of `Date`, ms. */
const RESOLUTION_MS = 1000;

/**
 * How far a server's clock is ahead of ours, bounded by its responses. The server's time was in [date, date + 1 s) at
 * some moment between sentAt and receivedAt, so each response bounds the offset to
 * [date - receivedAt, date + 1000 - sentAt]. Many responses, at different fractions of a second, narrow that down to
 * about a round trip. (Marzullo's algorithm for one correct server; NTP intersects in the same way.)
 */
export class ClockBounds {
  private low = Number.NEGATIVE_INFINITY;
  private high = Number.POSITIVE_INFINITY;

  /** A response that contradicts earlier ones means that a clock was stepped or has drifted: the bounds are reset. */
  observe({ sentAt, receivedAt, date }: TimedResponse): void {
    const low = date - receivedAt;
    const high = date + RESOLUTION_MS - sentAt;
    if (!(low <= high)) return; // an invalid date, or our own clock was stepped meanwhile
    this.low = Math.max(this.low, low);
    this.high = Math.min(this.high, high);
    if (this.low > this.high) [this.low, this.high] = [low, high];
  }

  /** The server's clock minus ours, ms: the offset nearest to 0 within the bounds; 0 before the first response. */
  offsetMs(): number {
    return Math.min(Math.max(0, this.low), this.high);
  }
}
