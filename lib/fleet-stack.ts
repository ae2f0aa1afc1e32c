import { type App, CfnOutput, Stack, Validations } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';
import { type FleetInfo, STACK_INFO_OUTPUT, type StackInfo, type TargetConfig } from '../core/contract/stack.ts';
import { Alarms, VerdictTopic } from './alarms.ts';
import { packageVersion } from './assets.ts';
import { type Config, readConfig } from './config.ts';
import { CoordinatorFunction } from './coordinator-function.ts';
import { Dashboard } from './dashboard.ts';
import { DemoTargetStack } from './demo-target-stack.ts';
import { CONTAINER, FleetTask } from './fleet-task.ts';
import { Network } from './network.ts';
import { OperatorsPolicy } from './operators-policy.ts';
import { RunMachine } from './run-machine.ts';
import { StopperFunction } from './stopper-function.ts';
import { RunsBucket } from './storage.ts';

export interface FleetStackProps {
  config: Config;
  /** The service under test; null: none is observed. */
  target: TargetConfig | null;
}

/**
 * Makes the stacks that the app's context asks for. The demo target is the fleet's target unless another is configured.
 * CloudFormation then keeps the demo for as long as the fleet refers to it: destroy both, or first deploy the fleet
 * without it. The stacks are environment-agnostic: one template for every account and region, without look-ups.
 * @throws ConfigError
 */
export function makeStacks(app: App): { fleet: FleetStack; demoTarget: DemoTargetStack | null } {
  const config = readConfig(app.node);
  const demoTarget = config.demoTarget ? new DemoTargetStack(app, config) : null;
  const target = config.target ?? demoTarget?.target ?? null;
  return { fleet: new FleetStack(app, { config, target }), demoTarget };
}

/** Everything that runs on AWS need. While idle it costs storage, alarms and the dashboard: see docs/deploy.md. */
export class FleetStack extends Stack {
  constructor(scope: Construct, { config, target }: FleetStackProps) {
    const { stackName, logDays } = config;
    super(scope, stackName, { stackName, description: 'k6-fleet: runs one k6 script on many Fargate tasks' });
    const network = new Network(this, 'Network', { existing: config.vpc });
    const { bucket } = new RunsBucket(this, 'Runs', { resultDays: config.resultDays });
    const { topic } = new VerdictTopic(this, 'Verdicts', { email: config.verdictEmail });
    const cluster = new ecs.Cluster(this, 'Cluster', { vpc: network.vpc });
    // Set on the cluster itself: enableFargateCapacityProviders adds a second resource for it.
    (cluster.node.defaultChild as ecs.CfnCluster).capacityProviders = ['FARGATE', 'FARGATE_SPOT'];
    Validations.of(cluster).acknowledge({
      id: 'AwsSolutions-ECS4',
      reason:
        'Container Insights would charge for each task of a run, and workers report the load of their tasks themselves',
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
    this.output(STACK_INFO_OUTPUT, this.toJsonString(stackInfo), 'Read by the k6-fleet CLI');
    this.output('Bucket', bucket.bucketName, 'Stores runs and their results; it is kept when the stack is deleted');
    this.output(
      'SecurityGroup',
      network.securityGroupIds.join(','),
      'Security group of the tasks; a private load balancer must admit it',
    );
    this.output(
      'OperatorsPolicy',
      policy.managedPolicyArn,
      'Attach it to the users and roles that may start, watch and stop runs',
    );
    this.output(
      'CoordinatorRole',
      coordinator.role.roleArn,
      'The role target.observerRoleArn in another account must trust this role',
    );
    if (dashboard !== null) this.output('Dashboard', dashboard.url, 'Dashboard of load, scaling, latency and health');
  }

  private output(name: string, value: string, description: string): void {
    new CfnOutput(this, name, { value, description });
  }
}
