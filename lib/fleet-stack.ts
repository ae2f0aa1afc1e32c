import { CfnOutput, Stack, Validations } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';
import { type FleetInfo, STACK_INFO_OUTPUT, type StackInfo, type TargetConfig } from '../core/contract/stack.ts';
import { Alarms } from './alarms.ts';
import type { Config } from './config.ts';
import { CoordinatorFunction } from './coordinator-function.ts';
import { Dashboard } from './dashboard.ts';
import { CONTAINER, FleetTask } from './fleet-task.ts';
import { Network } from './network.ts';
import { OperatorsPolicy } from './operators-policy.ts';
import { packageVersion } from './package-root.ts';
import { RunMachine } from './run-machine.ts';
import { RunsBucket } from './runs-bucket.ts';
import { StopperFunction } from './stopper-function.ts';
import { VerdictTopic } from './verdict-topic.ts';

export interface FleetStackProps {
  config: Config;
  /** The service under test; null: nobody looks at it. */
  target: TargetConfig | null;
}

/** All that runs on AWS need. While idle it costs stored bytes, alarms and perhaps the dashboard: see docs/deploy.md. */
export class FleetStack extends Stack {
  constructor(scope: Construct, { config, target }: FleetStackProps) {
    const { stackName, logDays } = config;
    super(scope, stackName, { stackName, description: 'k6-fleet: one k6 script on many Fargate tasks' });
    const network = new Network(this, 'Network', { existing: config.vpc });
    const { bucket } = new RunsBucket(this, 'Runs', { resultDays: config.resultDays });
    const { topic } = new VerdictTopic(this, 'Verdicts', { email: config.verdictEmail });
    const cluster = new ecs.Cluster(this, 'Cluster', { vpc: network.vpc });
    // As the cluster's own property: enableFargateCapacityProviders makes a resource more of it.
    (cluster.node.defaultChild as ecs.CfnCluster).capacityProviders = ['FARGATE', 'FARGATE_SPOT'];
    Validations.of(cluster).acknowledge({
      id: 'AwsSolutions-ECS4',
      reason: 'Container Insights would charge for each task of a run; a worker reports how busy its task is itself',
    });
    const secretsPrefix = config.secretsPrefix ?? `/k6-fleet/${stackName}/`;
    const task = new FleetTask(this, 'Task', { config, bucket, secretsPrefix });

    const { alarms } = new Alarms(this, 'Alarms', { stackName, topic });
    const dashboard = config.dashboard ? new Dashboard(this, 'LoadAndScaling', { stackName, target, alarms }) : null;

    const info: FleetInfo = {
      stack: stackName,
      region: this.region,
      bucket: bucket.bucketName,
      cluster: cluster.clusterName,
      taskDefinition: task.definition.taskDefinitionArn,
      container: CONTAINER,
      securityGroups: network.securityGroupIds,
      capacity: config.spot ? 'FARGATE_SPOT' : 'FARGATE',
      topic: topic.topicArn,
      target,
      dashboard: dashboard?.name ?? null,
      legSeconds: config.legSeconds,
    };
    const coordinator = new CoordinatorFunction(this, 'Coordinator', { info, bucket, cluster, task, topic, logDays });
    const { machine } = new RunMachine(this, 'Run', { stackName, coordinator: coordinator.function, logDays });
    new StopperFunction(this, 'Stopper', { info, bucket, cluster, topic, machine, logDays });
    const { policy } = new OperatorsPolicy(this, 'Operators', { bucket, machine, target });

    const stackInfo: StackInfo = {
      ...info,
      version: packageVersion(),
      stateMachine: machine.stateMachineArn,
      subnets: network.subnetIds,
      architecture: config.architecture,
      cpu: config.cpu,
      memoryMiB: config.memory,
      dashboard: dashboard?.name ?? null,
      secretsPrefix,
    };
    this.output(STACK_INFO_OUTPUT, this.toJsonString(stackInfo), 'What the k6-fleet CLI needs to know of this stack');
    this.output('Bucket', bucket.bucketName, 'Where runs are kept; it outlives the stack');
    this.output(
      'SecurityGroup',
      network.securityGroupIds.join(','),
      'Of the tasks: a private load balancer must admit it',
    );
    this.output('OperatorsPolicy', policy.managedPolicyArn, 'Attach it to who may start, watch and stop runs');
    this.output(
      'CoordinatorRole',
      coordinator.role.roleArn,
      'A role of target.observerRoleArn in another account must trust it',
    );
    if (dashboard !== null) this.output('Dashboard', dashboard.url, 'Load, scaling, latency and health');
  }

  private output(name: string, value: string, description: string): void {
    new CfnOutput(this, name, { value, description });
  }
}
