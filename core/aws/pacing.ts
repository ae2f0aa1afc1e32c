/** How fast AWS starts and stops tasks. */
import type { TokenRate } from '../token-bucket.ts';

/**
 * From RunTask until the worker is ready, s: a task waits for its network interface, then pulls and starts its image. AWS
 * publishes no figure; this is the middle of the 30 to 60 s that we assume for a small image.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
 */
export const TASK_START_SECONDS = 45;

/**
 * ECS throttles by token buckets, per account and region; StopTask is one of the "cluster resource modify actions".
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html
 */
export const STOP_RATE: TokenRate = { burst: 100, perSecond: 40 };

/**
 * From the first RunTask until the last task is ready, s.
 * @param perSecond launches per second; as many may be launched at once
 */
export const launchSeconds = (tasks: number, perSecond: number): number =>
  pacedSeconds(tasks, perSecond) + TASK_START_SECONDS;

/** From the first RunTask to the last one, s. */
export const pacedSeconds = (tasks: number, perSecond: number): number => Math.max(0, tasks / perSecond - 1);

/** Which of `count` subnets an attempt of a task goes to. It depends on nothing else; the next attempt uses the next subnet. */
export const subnetIndex = (task: number, attempt: number, count: number): number => (task + attempt) % count;

/** How many first attempts go to each of `count` subnets. */
export const tasksPerSubnet = (tasks: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => Math.floor((tasks - index - 1 + count) / count));
