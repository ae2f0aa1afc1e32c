import { createHash } from 'node:crypto';
import type { Failure, RunTaskCommandInput } from '@aws-sdk/client-ecs';
import { WorkerEnv } from '../../core/contract/env.ts';
import type { FargateSubnet } from '../../core/contract/plan.ts';
import type { FleetInfo } from '../../core/contract/stack.ts';
import { oneLine } from '../../core/errors.ts';
import type { TaskRef } from '../../core/ports.ts';

/**
 * RunTask's `startedBy` takes 128 letters, numbers, hyphens, slashes and underscores: a run's id is made of these.
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
 */
const STARTED_BY = /^[A-Za-z0-9/_-]{1,128}$/;

/** @throws Error where the run's id cannot mark its tasks. */
export function checkRunId(run: string): void {
  if (STARTED_BY.test(run)) return;
  throw new Error(`the run's id "${run}" cannot mark tasks: 1 to 128 letters, digits, "-", "_" and "/" can`);
}

/** One task in one subnet, so that a lack of capacity has a zone. */
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
 * ECS gives the same task for the same token, at most 64 characters: SHA-256 in hex is just that.
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html
 */
const clientToken = (run: string, { task, attempt }: TaskRef): string =>
  createHash('sha256').update(`${run}/${task}/${attempt}`).digest('hex');

/**
 * An HTTP 200 may tell of failures: no capacity in the zone (`Capacity is unavailable at this time. Please try again
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
