/** How fast AWS lets a fleet start and stop. */
import type { Clock } from '../ports.ts';

/**
 * From RunTask to a worker that answers, s: a task waits for its network interface, then pulls and starts its image.
 * AWS publishes no figure; 30 to 60 s are assumed to be usual for a small image, the middle is taken.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
 */
export const TASK_START_SECONDS = 45;

/**
 * ECS "cluster resource modify actions", StopTask among them: a bucket of 100 that refills with 40 a second, per account
 * and region. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html
 */
export const STOP_RATE = { burst: 100, perSecond: 40 } as const;

/**
 * How long it takes until the last task is ready, s.
 * @param perSecond launches in a second; as many may be launched at once
 */
export const launchSeconds = (tasks: number, perSecond: number): number =>
  pacedSeconds(tasks, perSecond) + TASK_START_SECONDS;

/** From the first RunTask to the last one, s. */
export const pacedSeconds = (tasks: number, perSecond: number): number => Math.max(0, tasks / perSecond - 1);

/** Which of `count` subnets an attempt at a task goes to: the next attempt goes elsewhere, whoever makes it. */
export const subnetIndex = (task: number, attempt: number, count: number): number => (task + attempt) % count;

/** How many first attempts go to each of `count` subnets. */
export const tasksPerSubnet = (tasks: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => Math.floor((tasks - index - 1 + count) / count));

/**
 * A token bucket, as AWS throttles by: at most `burst` calls at once, and `perSecond` from then on.
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html
 */
export class TokenBucket {
  private tokens: number;
  private at: number | null = null;

  constructor(private readonly rate: { burst: number; perSecond: number }) {
    this.tokens = rate.burst;
  }

  /**
   * Takes one token, on credit where there is none.
   * @param now Unix ms; must not go back
   * @returns how long to wait before the call, ms
   */
  take(now: number): number {
    const { burst, perSecond } = this.rate;
    const refill = this.at === null ? 0 : (Math.max(0, now - this.at) * perSecond) / 1000;
    this.tokens = Math.min(burst, this.tokens + refill) - 1;
    this.at = Math.max(now, this.at ?? now);
    return this.tokens >= 0 ? 0 : Math.ceil((-this.tokens * 1000) / perSecond);
  }

  /** Takes one token, and waits until the call may be made. */
  async pass(clock: Clock): Promise<void> {
    const waitMs = this.take(clock.now());
    if (waitMs > 0) await clock.sleep(waitMs);
  }
}
