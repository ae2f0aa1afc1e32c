import { type ECSClient, StopTaskCommand } from '@aws-sdk/client-ecs';
import { STOP_RATE } from '../../core/aws/pacing.ts';
import { errorLine } from '../../core/errors.ts';
import { eachInParallel } from '../../core/parallel.ts';
import type { Clock } from '../../core/ports.ts';
import { TokenBucket } from '../../core/token-bucket.ts';
import { isTransient } from './errors.ts';
import { listTasks } from './task-tracker.ts';

export interface StopAllOptions {
  client: Pick<ECSClient, 'send'>;
  /** Name. */
  cluster: string;
  run: string;
  clock: Clock;
  /** How long to retry, ms. */
  limitMs?: number;
}

/** 10,000 tasks take 250 s at 40 per second; another 150 s allow for throttling. */
const LIMIT_MS = 400_000;
/** A call takes 0.1 s or more: sequential calls would stay below the allowed rate of 40 per second. */
const CALLS_AT_ONCE = 16;
/** ECS's lists are eventually consistent: an empty list must still be empty after this time, ms. */
const SETTLE_MS = 5000;

/**
 * Stops every task that was `startedBy` the run, until ECS lists none. Each task then has its stopTimeout to ship its
 * last windows.
 * @returns how many tasks were stopped
 * @throws Error, one line, if ECS refuses, or if tasks are left after `limitMs`
 */
export async function stopAll({ client, cluster, run, clock, limitMs = LIMIT_MS }: StopAllOptions): Promise<number> {
  const until = clock.now() + limitMs;
  const bucket = new TokenBucket(STOP_RATE);
  const stopped = new Set<string>();
  let last = 'they are still listed';
  for (let empty = 0; ; ) {
    try {
      const arns = await listTasks(client, { cluster, startedBy: run });
      empty = arns.length === 0 ? empty + 1 : 0;
      if (empty === 2) return stopped.size;
      await eachInParallel(arns, CALLS_AT_ONCE, async (arn) => {
        await bucket.wait(clock);
        await stopTask(client, cluster, arn, `k6-fleet: run ${run} was ended`);
        stopped.add(arn);
      });
    } catch (error) {
      if (!isTransient(error)) throw new Error(`cannot stop the tasks of run ${run}: ${errorLine(error)}`);
      last = errorLine(error);
      empty = 0;
    }
    if (clock.now() >= until) {
      throw new Error(
        `tasks of run ${run} may still be running in cluster ${cluster} after ${Math.round(limitMs / 1000)} s (${last}): stop them in the ECS console`,
      );
    }
    await clock.sleep(SETTLE_MS);
  }
}

/** Stops a task: SIGTERM, then SIGKILL after its stopTimeout. No error if it is gone. */
export async function stopTask(
  client: Pick<ECSClient, 'send'>,
  cluster: string,
  task: string,
  reason: string,
): Promise<void> {
  try {
    await client.send(new StopTaskCommand({ cluster, task, reason: reason.slice(0, MAX_REASON) }));
  } catch (error) {
    const { name, message } = error as Error;
    // `The referenced task was not found.`
    if (name === 'InvalidParameterException' && /not found/i.test(message)) return;
    throw error;
  }
}

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopTask.html */
const MAX_REASON = 255;
