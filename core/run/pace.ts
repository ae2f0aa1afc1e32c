/** How many tasks may be launched now: a token bucket, as a function of values, so that every leg goes on with it. */

/** How much has been saved up. Plain data: it is part of the checkpoint. */
export interface Pace {
  /** Launches that are free. */
  tokens: number;
  /** As of when, Unix ms. */
  at: number;
}

/**
 * What a tick that comes late may make up for, s. Were it no more than a tick, each late one would lose launches for
 * ever. The platform's own bucket is deeper: RunTask on Fargate bursts to 100 at 20 a second.
 * https://docs.aws.amazon.com/AmazonECS/latest/userguide/throttling.html
 */
const SAVED_SECONDS = 2;

/** How many launches can be saved up. */
export const burstOf = (perSecond: number): number => Math.max(1, SAVED_SECONDS * perSecond);

/** A run begins with the launches of one second. */
export const firstPace = (perSecond: number, now: number): Pace => ({ tokens: Math.max(1, perSecond), at: now });

/**
 * Grants as many of the launches wanted as the rate allows: in any w seconds no more than `burstOf` + w · `perSecond`.
 * @param now Unix ms; where it goes back nothing is earned until it has caught up
 */
export function spend(pace: Pace, perSecond: number, wanted: number, now: number): { pace: Pace; granted: number } {
  const earned = (Math.max(0, now - pace.at) / 1000) * perSecond;
  const tokens = Math.min(burstOf(perSecond), pace.tokens + earned);
  // Sums of floats fall short of a whole number by a hair; no launch shall wait a tick for that.
  const granted = Math.min(wanted, Math.floor(tokens + 1e-9));
  return { pace: { tokens: Math.max(0, tokens - granted), at: Math.max(pace.at, now) }, granted };
}
