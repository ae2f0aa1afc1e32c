import { createHash } from 'node:crypto';
import type { Failure, RunTaskCommandInput } from '@aws-sdk/client-ecs';
import { WorkerEnv } from '../../core/contract/env.ts';
import type { FargateSubnet } from '../../core/contract/plan.ts';
import type { FleetInfo } from '../../core/contract/stack.ts';
import { oneLine } from '../../core/errors.ts';
import type { TaskRef } from '../../core/ports.ts';

/**
 * RunTask's `startedBy` takes up to 128 letters, digits, hyphens, slashes and underscores; a run's id uses only these.
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
 */
const STARTED_BY = /^[A-Za-z0-9/_-]{1,128}$/;

/** @throws Error if the run's id cannot be the `startedBy` of its tasks. */
export function checkRunId(run: string): void {
  if (STARTED_BY.test(run)) return;
  throw new Error(
    `run id "${run}" cannot be the startedBy of ECS tasks: use 1 to 128 letters, digits, "-", "_" or "/"`,
  );
}

/** One task in one subnet, so that a lack of capacity can be attributed to a zone. */
export function runTaskInput(run: string, info: FleetInfo, subnet: FargateSubnet, ref: TaskRef): RunTaskCommandInput {
  return {
    cluster: info.cluster,
    taskDefinition: info.taskDefinition,
    count: 1,
    capacityProviderStrategy: [{ capacityProvider: info.capacity, weight: 1 }],
    networkConfiguration: {
      awsvpcConfiguration: {
        subnets: [subnet.id],
        securityGroups: info.securityGroups,
        assignPublicIp: subnet.publicIp ? 'ENABLED' : 'DISABLED',
      },
    },
    overrides: {
      containerOverrides: [
        {
          name: info.container,
          environment: [
            { name: WorkerEnv.store, value: `s3://${info.bucket}` },
            { name: WorkerEnv.run, value: run },
            { name: WorkerEnv.task, value: String(ref.task) },
            { name: WorkerEnv.attempt, value: String(ref.attempt) },
          ],
        },
      ],
    },
    startedBy: run,
    clientToken: clientToken(run, ref),
    enableECSManagedTags: false,
    enableExecuteCommand: false,
  };
}

/**
 * ECS returns the same task for the same token of at most 64 characters, which is the length of SHA-256 in hex.
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html
 */
const clientToken = (run: string, { task, attempt }: TaskRef): string =>
  createHash('sha256').update(`${run}/${task}/${attempt}`).digest('hex');

/**
 * An HTTP 200 may report failures: no capacity in the zone (`Capacity is unavailable at this time. Please try again
 * later or in a different availability zone`), or the account's quota of vCPUs is used up.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html
 * https://repost.aws/knowledge-center/ecs-fargate-runtask-capacity
 */
export function failureText(failure: Failure | undefined, subnet: FargateSubnet): string {
  if (failure === undefined) return refusal('ECS started no task and gave no reason', subnet);
  const { reason = 'ECS gave no reason', detail } = failure;
  return refusal(detail === undefined ? reason : `${reason} (${detail})`, subnet);
}

/** `Capacity is unavailable at this time in us-east-1b (subnet-0a1b)`: ECS's first sentence, and where. */
export const refusal = (reason: string, { zone, id }: FargateSubnet): string =>
  `${(oneLine(reason).split(/\. (?=[A-Z])/)[0] ?? '').replace(/\.$/, '')} in ${zone} (${id})`;
