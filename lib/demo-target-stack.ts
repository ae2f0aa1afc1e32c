import { CfnOutput, Duration, Stack, Validations } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as elb from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { Construct } from 'constructs';
import type { TargetConfig } from '../core/contract/stack.ts';
import type { Config } from './config.ts';
import { containerImage } from './image.ts';
import { logGroup } from './logs.ts';
import { acknowledgeWildcard } from './permission.ts';
import { PublicVpc } from './public-vpc.ts';

const PORT = 8080;

const MIN_TASKS = 2;
const MAX_TASKS = 10;

/**
 * What a task may get in a minute before ECS adds another: it serves 12 requests at once at 40 ms each, 300 a second
 * (demo/capacity.ts), and is to be kept at 60 % of that. Requests, not CPU: its service time is a timer's.
 */
const REQUESTS_PER_TASK = 300 * 0.6 * 60;

/**
 * A service to try it all on: the demo API on Fargate behind a public load balancer, with ECS's own target tracking from
 * 2 to 10 tasks.
 *
 * It costs about $0.062 an hour, $1.50 a day, for as long as it is deployed (us-east-1, list prices of November 2026):
 * load balancer $0.0225 and $0.008 for each capacity unit in use; two arm64 tasks of 0.25 vCPU and 0.5 GB $0.0099 each;
 * four public IPv4 addresses $0.005 each. Destroy it after use.
 */
export class DemoTargetStack extends Stack {
  /** Of use as the fleet's target. */
  readonly target: TargetConfig;

  constructor(scope: Construct, config: Config) {
    const stackName = `${config.stackName}DemoTarget`;
    super(scope, stackName, { stackName, description: 'k6-fleet: a service that scales, to try load tests on' });
    const { vpc } = new PublicVpc(this, 'Network');
    const cluster = new ecs.Cluster(this, 'Cluster', { vpc, clusterName: stackName });
    Validations.of(cluster).acknowledge({
      id: 'AwsSolutions-ECS4',
      reason: 'a demo: what Container Insights tells beside the free metrics is not worth its price',
    });
    const doorway = this.doorway(vpc);
    const service = this.service(cluster, this.behind(doorway, vpc), config);
    const balancer = new elb.ApplicationLoadBalancer(this, 'LoadBalancer', {
      vpc,
      internetFacing: true,
      securityGroup: doorway,
    });
    Validations.of(balancer).acknowledge({
      id: 'AwsSolutions-ELB2',
      reason: 'access logs of a load test on a demo are bytes nobody reads',
    });
    const group = balancer
      .addListener('Http', { protocol: elb.ApplicationProtocol.HTTP, open: false })
      .addTargets('Demo', {
        protocol: elb.ApplicationProtocol.HTTP,
        port: PORT,
        targets: [service],
        // Answered at once, however full the queue is: a busy task must not be taken for a dead one.
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
      description: 'The BASE_URL of scripts',
    });
  }

  /** Of the load balancer: open to all, for the public addresses of k6's tasks are not known before. */
  private doorway(vpc: ec2.IVpc): ec2.SecurityGroup {
    const group = new ec2.SecurityGroup(this, 'Doorway', {
      vpc,
      description: 'Load balancer of the demo: HTTP from all',
    });
    group.addIngressRule(ec2.Peer.anyIpv4(), ec2.Port.tcp(80));
    Validations.of(group).acknowledge({ id: 'AwsSolutions-EC23', reason: 'a public demo that holds no data' });
    return group;
  }

  /** Of the tasks: who comes through the doorway. One resource with its rule in it, where CDK would make three. */
  private behind(doorway: ec2.SecurityGroup, vpc: ec2.IVpc): ec2.ISecurityGroup {
    const { attrGroupId } = new ec2.CfnSecurityGroup(this, 'Behind', {
      vpcId: vpc.vpcId,
      groupDescription: 'Tasks of the demo: from its load balancer only',
      securityGroupIngress: [
        { ipProtocol: 'tcp', fromPort: PORT, toPort: PORT, sourceSecurityGroupId: doorway.securityGroupId },
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
      // One task's capacity, and no scaling of its own: here ECS has the tasks.
      command: ['--port', String(PORT), '--no-autoscaling', '--min-tasks', '1'],
      portMappings: [{ containerPort: PORT }],
      readonlyRootFilesystem: true,
      logging: ecs.LogDriver.awsLogs({ streamPrefix: 'demo', logGroup: logGroup(this, 'Logs', config.logDays) }),
    });
    acknowledgeWildcard(
      definition.obtainExecutionRole(),
      '*',
      'ecr:GetAuthorizationToken, to pull from ECR, has no resource level',
    );
    return new ecs.FargateService(this, 'Service', {
      serviceName: 'demo',
      cluster,
      taskDefinition: definition,
      desiredCount: MIN_TASKS,
      minHealthyPercent: 100,
      // Without a NAT gateway a task needs an address of its own to pull its image.
      assignPublicIp: true,
      securityGroups: [group],
      vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC },
      circuitBreaker: { rollback: true },
    });
  }
}
