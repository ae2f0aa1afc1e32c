/** How fast a run launches its tasks. */
import type { TokenLevel, TokenRate } from '../token-bucket.ts';

/**
 * How many seconds of launches can be saved up, so that a late tick loses none. The bucket of Fargate is deeper: RunTask
 * bursts to 100 at 20 a second. https://docs.aws.amazon.com/AmazonECS/latest/userguide/throttling.html
 */
const SAVED_SECONDS = 2;

export const launchRate = (perSecond: number): TokenRate => ({
  burst: Math.max(1, SAVED_SECONDS * perSecond),
  perSecond,
});

/** A run starts with the launches of one second. @param now Unix ms */
export const initialLaunchLevel = (perSecond: number, now: number): TokenLevel => ({
  tokens: Math.max(1, perSecond),
  at: now,
});
