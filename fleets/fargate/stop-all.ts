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
  /** How long to go on trying, ms. */
  limitMs?: number;
}

/** 10,000 tasks take 250 s at 40 a second; more than half as long again for throttling. */
const LIMIT_MS = 400_000;
/** A call takes a tenth of a second and more: one after the other would be slower than the rate allows. */
const CALLS_AT_ONCE = 16;
/** ECS's lists are eventually consistent: one that is empty must still be so after this time, ms. */
const SETTLE_MS = 5000;

/**
 * Tells every task that was `startedBy` the run to stop, until ECS lists none any more. They then have their
 * stopTimeout to ship what they have.
 * @returns how many it has stopped
 * @throws Error, one line, where ECS refuses, or some are still left after `limitMs`
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
      if (!isTransient(error)) throw new Error(`the tasks of run ${run} cannot be stopped: ${errorLine(error)}`);
      last = errorLine(error);
      empty = 0;
    }
    if (clock.now() >= until) {
      throw new Error(
        `tasks of run ${run} may still run in cluster ${cluster} after ${Math.round(limitMs / 1000)} s (${last}): stop them in the ECS console`,
      );
    }
    await clock.sleep(SETTLE_MS);
  }
}

/** Tells a task to stop: SIGTERM, then SIGKILL after its stopTimeout. No error where it is gone. */
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
