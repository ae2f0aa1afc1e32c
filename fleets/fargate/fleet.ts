import { type ECSClient, RunTaskCommand } from '@aws-sdk/client-ecs';
import { STOP_RATE, subnetIndex } from '../../core/aws/pacing.ts';
import type { FargateSubnet } from '../../core/contract/plan.ts';
import type { FleetInfo } from '../../core/contract/stack.ts';
import { errorLine } from '../../core/errors.ts';
import type { Clock, Fleet, LaunchResult, TaskLiveness, TaskRef } from '../../core/ports.ts';
import { TokenBucket } from '../../core/token-bucket.ts';
import { isTransient } from './errors.ts';
import { checkRunId, failureText, refusal, runTaskInput } from './launch.ts';
import { stopAll, stopTask } from './stop-all.ts';
import { TaskTracker } from './task-tracker.ts';

export interface FargateFleetOptions {
  /** Its own retries answer throttling. */
  client: Pick<ECSClient, 'send'>;
  run: string;
  info: FleetInfo;
  /** At least one. */
  subnets: readonly FargateSubnet[];
  clock: Clock;
  /** How old the known state of the tasks may be, ms. */
  taskPollIntervalMs?: number;
  /** How long ECS may not list a task that exists, ms: its lists and descriptions are eventually consistent. */
  graceMs?: number;
}

/**
 * Tasks on AWS Fargate. ECS holds their whole state, so a coordinator can die and another one can take over the run: a
 * task's reference is in its environment, and its client token ensures that it exists only once.
 *
 * Permissions: ecs:RunTask and iam:PassRole for launch; ecs:DescribeTasks, ecs:ListTasks; ecs:StopTask.
 */
export class FargateFleet implements Fleet {
  private readonly tracker: TaskTracker;
  private readonly stops = new TokenBucket(STOP_RATE);
  /** ARNs of tasks that were already sent StopTask: a slow task gets one request, although every tick asks to kill it. */
  private readonly stopped = new Set<string>();

  constructor(private readonly options: FargateFleetOptions) {
    const { client, run, info, subnets, clock, taskPollIntervalMs = 5000, graceMs = 20_000 } = options;
    checkRunId(run);
    if (subnets.length === 0) throw new Error(`run ${run} has no subnet to start tasks in`);
    this.tracker = new TaskTracker({
      client,
      run,
      info,
      now: () => clock.now(),
      maxAgeMs: taskPollIntervalMs,
      graceMs,
    });
  }

  async launch(ref: TaskRef): Promise<LaunchResult> {
    const { client, run, info, subnets } = this.options;
    const subnet = subnets[subnetIndex(ref.task, ref.attempt, subnets.length)] as FargateSubnet;
    try {
      const { tasks, failures } = await client.send(new RunTaskCommand(runTaskInput(run, info, subnet, ref)));
      const arn = tasks?.[0]?.taskArn;
      if (arn === undefined) return { state: 'refused', reason: failureText(failures?.[0], subnet) };
      this.tracker.add(ref, arn);
      return { state: 'launched' };
    } catch (error) {
      const existing = existingTask(error);
      if (existing !== null) {
        this.tracker.add(ref, existing);
        return { state: 'launched' };
      }
      if (isTransient(error)) return { state: 'refused', reason: refusal(errorLine(error), subnet) };
      throw new Error(`cannot start task ${ref.task} in ECS cluster ${info.cluster}: ${errorLine(error)}`);
    }
  }

  liveness(ref: TaskRef): Promise<TaskLiveness> {
    return this.tracker.liveness(ref);
  }

  /** The task gets a SIGTERM now and is killed after its stopTimeout. If ECS throttles the call, the next tick retries it. */
  async kill(ref: TaskRef): Promise<void> {
    const { client, run, info, clock } = this.options;
    const arn = await this.tracker.runningArn(ref);
    if (arn === null || this.stopped.has(arn)) return;
    await this.stops.wait(clock);
    try {
      await stopTask(client, info.cluster, arn, `k6-fleet: task ${ref.task} of run ${run} is no longer needed`);
      this.stopped.add(arn);
    } catch (error) {
      if (isTransient(error)) return;
      throw new Error(`cannot stop task ${ref.task} (${arn}): ${errorLine(error)}`);
    }
  }

  /** Stops every task of the run, no matter which coordinator launched it. @throws Error if some are left */
  async killAll(): Promise<void> {
    const { client, run, info, clock } = this.options;
    await stopAll({ client, cluster: info.cluster, run, clock });
  }
}

/**
 * The ARN of the task that already has this token. ECS refuses a token that was used with other parameters, such as
 * before the stack was redeployed; the task with that token is still the wanted one.
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html#API_RunTask_Errors
 */
function existingTask(error: unknown): string | null {
  const { name, resourceIds } = error as { name?: string; resourceIds?: string[] };
  return name === 'ConflictException' ? (resourceIds?.[0] ?? null) : null;
}
