import { Stack } from 'aws-cdk-lib';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import type * as iam from 'aws-cdk-lib/aws-iam';
import { permit } from './permission.ts';

/** Lets a role see and stop the tasks of one cluster. */
export function permitTasksOf(role: iam.Role, cluster: ecs.ICluster): void {
  const inCluster = { ArnEquals: { 'ecs:cluster': cluster.clusterArn } };
  permit(role, {
    actions: ['ecs:DescribeTasks', 'ecs:StopTask'],
    resources: [
      Stack.of(cluster).formatArn({ service: 'ecs', resource: 'task', resourceName: `${cluster.clusterName}/*` }),
    ],
    conditions: inCluster,
    reason: "ECS makes up the ids of tasks; the cluster has no others than the fleet's",
  });
  permit(role, {
    actions: ['ecs:ListTasks'],
    resources: ['*'],
    conditions: inCluster,
    reason: 'ListTasks has no resource level on Fargate, only the condition on the cluster',
  });
}
