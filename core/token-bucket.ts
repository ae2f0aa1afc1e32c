import type { Clock } from './ports.ts';

export interface TokenRate {
  /** Tokens that the bucket holds at most: so many calls may be made at once. */
  burst: number;
  /** Tokens added per second. */
  perSecond: number;
}

/** How full a bucket is. Plain data: a checkpoint can carry it. */
export interface TokenLevel {
  /** Negative: tokens that have been reserved before they exist. */
  tokens: number;
  /** Unix ms as of which `tokens` holds. */
  at: number;
}

/**
 * A token bucket: in any w seconds it grants at most `burst + w · perSecond` tokens. It has no clock and no state apart
 * from `level`, which it updates in place. A clock that goes back adds nothing until it has caught up.
 */
export class TokenBucket {
  /** @param level a full bucket by default */
  constructor(
    private readonly rate: TokenRate,
    private readonly level: TokenLevel = { tokens: rate.burst, at: 0 },
  ) {}

  /**
   * Takes as many of the wanted tokens as there are.
   * @param now Unix ms
   * @returns how many were taken, a whole number
   */
  take(wanted: number, now: number): number {
    this.refill(now);
    // Sums of floats fall short of a whole number by a hair; no call should wait a tick for that.
    const granted = Math.min(wanted, Math.max(0, Math.floor(this.level.tokens + 1e-9)));
    this.level.tokens -= granted;
    return granted;
  }

  /**
   * Takes one token, in advance if there is none.
   * @param now Unix ms
   * @returns ms to wait before the call
   */
  reserve(now: number): number {
    this.refill(now);
    this.level.tokens -= 1;
    return this.level.tokens >= 0 ? 0 : Math.ceil((-this.level.tokens * 1000) / this.rate.perSecond);
  }

  /** Reserves one token and sleeps until the call may be made. */
  async wait(clock: Clock): Promise<void> {
    const waitMs = this.reserve(clock.now());
    if (waitMs > 0) await clock.sleep(waitMs);
  }

  private refill(now: number): void {
    const { rate, level } = this;
    const added = (Math.max(0, now - level.at) * rate.perSecond) / 1000;
    level.tokens = Math.min(rate.burst, level.tokens + added);
    level.at = Math.max(level.at, now);
  }
}
