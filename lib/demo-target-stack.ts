import { CfnOutput, Duration, Stack, Validations } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as elb from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { Construct } from 'constructs';
import type { TargetConfig } from '../core/contract/stack.ts';
import { containerImage } from './assets.ts';
import type { Config } from './config.ts';
import { PublicVpc } from './network.ts';
import { acknowledgeWildcard } from './permissions.ts';
import { logGroup } from './storage.ts';

const PORT = 8080;

const MIN_TASKS = 2;
const MAX_TASKS = 10;

/**
 * The target of target tracking, requests per task and minute: 60 % of a task's capacity, which is 12 concurrent requests
 * of 40 ms, 300 a second (demo/capacity.ts). Requests, not CPU: a timer simulates the service time.
 */
const REQUESTS_PER_TASK = 300 * 0.6 * 60;

/**
 * A service to try load tests on: the demo API on Fargate behind a public load balancer, with ECS target tracking from 2
 * to 10 tasks.
 *
 * It costs about $0.062 an hour, $1.50 a day, while it is deployed (us-east-1, list prices of November 2026): the load
 * balancer $0.0225, and $0.008 for each capacity unit in use; two arm64 tasks of 0.25 vCPU and 0.5 GB $0.0099 each; four
 * public IPv4 addresses $0.005 each. Destroy it after use.
 */
export class DemoTargetStack extends Stack {
  /** Configures the service as the fleet's target. */
  readonly target: TargetConfig;

  constructor(scope: Construct, config: Config) {
    const stackName = `${config.stackName}DemoTarget`;
    super(scope, stackName, { stackName, description: 'k6-fleet: an auto-scaled service to try load tests on' });
    const { vpc } = new PublicVpc(this, 'Network');
    const cluster = new ecs.Cluster(this, 'Cluster', { vpc, clusterName: stackName });
    Validations.of(cluster).acknowledge({
      id: 'AwsSolutions-ECS4',
      reason: 'a demo does not need Container Insights beside the free metrics',
    });
    const balancerGroup = this.balancerSecurityGroup(vpc);
    const service = this.service(cluster, this.taskSecurityGroup(balancerGroup, vpc), config);
    const balancer = new elb.ApplicationLoadBalancer(this, 'LoadBalancer', {
      vpc,
      internetFacing: true,
      securityGroup: balancerGroup,
    });
    Validations.of(balancer).acknowledge({
      id: 'AwsSolutions-ELB2',
      reason: 'a load test on a demo needs no access logs',
    });
    const group = balancer
      .addListener('Http', { protocol: elb.ApplicationProtocol.HTTP, open: false })
      .addTargets('Demo', {
        protocol: elb.ApplicationProtocol.HTTP,
        port: PORT,
        targets: [service],
        // This path answers at once, however full the queue is, so that a busy task does not count as unhealthy.
        healthCheck: { path: '/_demo/state', interval: Duration.seconds(10), healthyThresholdCount: 2 },
        deregistrationDelay: Duration.seconds(30),
      });
    if (!config.emulated) {
      service.autoScaleTaskCount({ minCapacity: MIN_TASKS, maxCapacity: MAX_TASKS }).scaleOnRequestCount('Requests', {
        requestsPerTarget: REQUESTS_PER_TASK,
        targetGroup: group,
        scaleOutCooldown: Duration.seconds(60),
      });
    }
    this.target = {
      services: [{ cluster: stackName, service: 'demo' }],
      loadBalancer: balancer.loadBalancerFullName,
      targetGroup: group.targetGroupArn,
      metrics: {},
      stopAlarms: [],
    };
    new CfnOutput(this, 'Url', {
      value: `http://${balancer.loadBalancerDnsName}`,
      description: 'URL of the demo API: BASE_URL of the scripts',
    });
  }

  /** Open to everyone, because the public addresses of k6's tasks are not known in advance. */
  private balancerSecurityGroup(vpc: ec2.IVpc): ec2.SecurityGroup {
    const group = new ec2.SecurityGroup(this, 'LoadBalancerSecurityGroup', {
      vpc,
      description: 'Load balancer of the demo: HTTP from anywhere',
    });
    group.addIngressRule(ec2.Peer.anyIpv4(), ec2.Port.tcp(80));
    Validations.of(group).acknowledge({ id: 'AwsSolutions-EC23', reason: 'a public demo without data' });
    return group;
  }

  /** Admits only the load balancer. An L1 with an inline rule is one resource; CDK's L2 makes three. */
  private taskSecurityGroup(balancerGroup: ec2.SecurityGroup, vpc: ec2.IVpc): ec2.ISecurityGroup {
    const { attrGroupId } = new ec2.CfnSecurityGroup(this, 'TaskSecurityGroup', {
      vpcId: vpc.vpcId,
      groupDescription: 'Tasks of the demo: HTTP from its load balancer only',
      securityGroupIngress: [
        { ipProtocol: 'tcp', fromPort: PORT, toPort: PORT, sourceSecurityGroupId: balancerGroup.securityGroupId },
      ],
    });
    return ec2.SecurityGroup.fromSecurityGroupId(this, 'Tasks', attrGroupId, { mutable: false });
  }

  private service(cluster: ecs.Cluster, group: ec2.ISecurityGroup, config: Config): ecs.FargateService {
    const definition = new ecs.FargateTaskDefinition(this, 'Task', {
      cpu: 256,
      memoryLimitMiB: 512,
      runtimePlatform: {
        cpuArchitecture: ecs.CpuArchitecture.of(config.architecture.toUpperCase()),
        operatingSystemFamily: ecs.OperatingSystemFamily.LINUX,
      },
    });
    definition.addContainer('demo', {
      image: containerImage(this, 'Image', {
        uri: config.demoImage,
        architecture: config.architecture,
        target: 'demo',
      }),
      // The demo simulates one task and no scaling: here ECS scales the tasks.
      command: ['--port', String(PORT), '--no-autoscaling', '--min-tasks', '1'],
      portMappings: [{ containerPort: PORT }],
      readonlyRootFilesystem: true,
      logging: ecs.LogDriver.awsLogs({ streamPrefix: 'demo', logGroup: logGroup(this, 'Logs', config.logDays) }),
    });
    acknowledgeWildcard(
      definition.obtainExecutionRole(),
      '*',
      'ecr:GetAuthorizationToken, needed to pull from ECR, has no resource-level permissions',
    );
    return new ecs.FargateService(this, 'Service', {
      serviceName: 'demo',
      cluster,
      taskDefinition: definition,
      desiredCount: MIN_TASKS,
      minHealthyPercent: 100,
      // Without a NAT gateway, a task needs a public address to pull its image.
      assignPublicIp: true,
      securityGroups: [group],
      vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC },
      circuitBreaker: { rollback: true },
    });
  }
}
