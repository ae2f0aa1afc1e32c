import { Aws, Duration, Stack, Validations } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { WorkerEnv } from '../core/contract/env.ts';
import type { Config } from './config.ts';
import { containerImage } from './image.ts';
import { logGroup } from './logs.ts';
import { acknowledgeWildcard, permit } from './permission.ts';

export interface FleetTaskProps {
  config: Config;
  bucket: s3.IBucket;
  /** Names of parameters and secrets that tasks may read begin with this. */
  secretsPrefix: string;
}

/** The container's name, which RunTask's overrides name too. */
export const CONTAINER = 'task';

/**
 * Files and sockets that the task may have open: Fargate's default, said so that it stays. It holds all that one
 * address can open to one server, 64,512 local ports, and 1,023 beside.
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Ulimit.html
 */
const OPEN_FILES = 65_535;

/** Fargate's maximum: a worker that is asked to stop still ships its last windows. */
const STOP_TIMEOUT = Duration.seconds(120);

/** One k6 and its worker. */
export class FleetTask extends Construct {
  readonly definition: ecs.FargateTaskDefinition;
  readonly taskRole: iam.Role;
  readonly executionRole: iam.Role;
  /** Of all revisions of the definition. */
  readonly anyRevision: string;

  constructor(scope: Construct, id: string, props: FleetTaskProps) {
    super(scope, id);
    const { config } = props;
    this.taskRole = ecsTaskRole(this, 'TaskRole', 'what the worker in a task may do');
    this.executionRole = ecsTaskRole(this, 'ExecutionRole', 'what ECS does to start a task: image and logs');
    acknowledgeWildcard(this.executionRole, '*', 'ecr:GetAuthorizationToken, to pull from ECR, has no resource level');
    this.permitStore(props.bucket);
    this.permitSecrets(props.secretsPrefix);
    const family = `${config.stackName}-task`;
    this.anyRevision = Stack.of(this).formatArn({
      service: 'ecs',
      resource: 'task-definition',
      resourceName: `${family}:*`,
    });
    this.definition = new ecs.FargateTaskDefinition(this, 'Definition', {
      family,
      cpu: config.cpu,
      memoryLimitMiB: config.memory,
      runtimePlatform: {
        cpuArchitecture: ecs.CpuArchitecture.of(config.architecture.toUpperCase()),
        operatingSystemFamily: ecs.OperatingSystemFamily.LINUX,
      },
      taskRole: this.taskRole,
      executionRole: this.executionRole,
      // On Fargate a volume without a source is a folder of the task's own ephemeral storage.
      volumes: [{ name: 'work' }],
    });
    this.addContainer(config);
    Validations.of(this.definition).acknowledge({
      id: 'AwsSolutions-ECS2',
      reason:
        'these variables are settings; secrets are read by name in the task, and never in the environment of a definition',
    });
  }

  private addContainer(config: Config): void {
    const container = this.definition.addContainer(CONTAINER, {
      image: containerImage(this, 'Image', { uri: config.image, architecture: config.architecture }),
      environment: {
        [WorkerEnv.isolated]: 'true',
        [WorkerEnv.cpus]: String(config.cpu / 1024),
      },
      // The user is the image's: not root, and the owner of /work there.
      readonlyRootFilesystem: true,
      linuxParameters: new ecs.LinuxParameters(this, 'Linux', { initProcessEnabled: true }),
      ulimits: [{ name: ecs.UlimitName.NOFILE, softLimit: OPEN_FILES, hardLimit: OPEN_FILES }],
      // Linux's own range holds 28,232 ports, and so connections to one server. Fargate takes net.* since platform
      // 1.4.0: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_SystemControl.html
      systemControls: [{ namespace: 'net.ipv4.ip_local_port_range', value: '1024 65535' }],
      stopTimeout: STOP_TIMEOUT,
      logging: ecs.LogDriver.awsLogs({
        streamPrefix: 'task',
        logGroup: logGroup(this, 'Logs', config.logDays),
        // A log service that falls behind must not hold up the load.
        mode: ecs.AwsLogDriverMode.NON_BLOCKING,
      }),
    });
    container.addMountPoints({ sourceVolume: 'work', containerPath: '/work', readOnly: false });
  }

  /** Every task's file has one writer, so a task writes its own kind of files and no one's plan, control or result. */
  private permitStore(bucket: s3.IBucket): void {
    const at = (pattern: string) => bucket.arnForObjects(pattern);
    const reason = 'runs are told apart by their keys, and all runs have the same task role';
    permit(this.taskRole, { actions: ['s3:GetObject'], resources: [at('runs/*'), at('scratch/*')], reason });
    permit(this.taskRole, {
      actions: ['s3:PutObject'],
      resources: [
        at('runs/*/tasks/*'),
        at('runs/*/setup-data.json'),
        at('runs/*/handle-summary.json'),
        at('scratch/*/tasks/*'),
      ],
      reason,
    });
    // Without it a key that is not there yet answers 403 in place of 404.
    permit(this.taskRole, { actions: ['s3:ListBucket'], resources: [bucket.bucketArn] });
  }

  /** Needs no kms:Decrypt: the keys aws/ssm and aws/secretsmanager admit whoever the service admits. */
  private permitSecrets(prefix: string): void {
    const stack = Stack.of(this);
    const reason = 'the prefix is the boundary: whoever may start a run may read what is under it';
    permit(this.taskRole, {
      actions: ['ssm:GetParameter'],
      resources: [stack.formatArn({ service: 'ssm', resource: `parameter${prefix}*` })],
      reason,
    });
    // A secret's name may begin with a slash, as a parameter's must, but need not.
    const names = [prefix, prefix.slice(1)];
    permit(this.taskRole, {
      actions: ['secretsmanager:GetSecretValue'],
      resources: names.map(
        (name) => `arn:${Aws.PARTITION}:secretsmanager:${Aws.REGION}:${Aws.ACCOUNT_ID}:secret:${name}*`,
      ),
      reason,
    });
  }

  /** Lets a role start tasks with these roles, and nothing else with them. */
  permitPassingRoles(to: iam.Role): void {
    permit(to, {
      actions: ['iam:PassRole'],
      resources: [this.taskRole.roleArn, this.executionRole.roleArn],
      conditions: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
    });
  }
}

/** A role that ECS takes for tasks of this account only. */
function ecsTaskRole(scope: Construct, id: string, description: string): iam.Role {
  return new iam.Role(scope, id, {
    description: `k6-fleet: ${description}`,
    assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
    }),
  });
}
