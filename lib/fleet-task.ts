import { Aws, Duration, Stack, Validations } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { WorkerEnv } from '../core/contract/env.ts';
import { KEY_PATTERNS } from '../core/contract/keys.ts';
import { containerImage } from './assets.ts';
import type { Config } from './config.ts';
import { acknowledgeWildcard, permit } from './permissions.ts';
import { logGroup } from './storage.ts';

export interface FleetTaskProps {
  config: Config;
  bucket: s3.IBucket;
  /** Tasks may read the parameters and secrets whose names begin with this. */
  secretsPrefix: string;
}

/** The container's name, by which RunTask overrides its environment. */
export const CONTAINER = 'task';

/**
 * Open files and sockets: Fargate's default, made explicit so that it does not change. It allows all the connections that
 * one address can open to one server, 64,512 local ports, and 1,023 more.
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Ulimit.html
 */
const OPEN_FILES = 65_535;

/** Fargate's maximum: a worker ships its last windows after SIGTERM. */
const STOP_TIMEOUT = Duration.seconds(120);

/** The task definition of one k6 and its worker, and its roles. */
export class FleetTask extends Construct {
  readonly definition: ecs.FargateTaskDefinition;
  readonly taskRole: iam.Role;
  readonly executionRole: iam.Role;
  /** ARN pattern of all revisions of the definition. */
  readonly anyRevision: string;

  constructor(scope: Construct, id: string, props: FleetTaskProps) {
    super(scope, id);
    const { config } = props;
    this.taskRole = ecsTaskRole(this, 'TaskRole', 'permissions of the worker in a task');
    this.executionRole = ecsTaskRole(this, 'ExecutionRole', 'permissions of ECS to start a task: image and logs');
    acknowledgeWildcard(
      this.executionRole,
      '*',
      'ecr:GetAuthorizationToken, needed to pull from ECR, has no resource-level permissions',
    );
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
      // On Fargate, a volume without a source is a folder in the task's ephemeral storage.
      volumes: [{ name: 'work' }],
    });
    this.addContainer(config);
    Validations.of(this.definition).acknowledge({
      id: 'AwsSolutions-ECS2',
      reason: 'the variables are settings only; the task reads secrets by name, the definition never contains them',
    });
  }

  private addContainer(config: Config): void {
    const container = this.definition.addContainer(CONTAINER, {
      image: containerImage(this, 'Image', { uri: config.image, architecture: config.architecture }),
      environment: {
        [WorkerEnv.isolated]: 'true',
        [WorkerEnv.cpus]: String(config.cpu / 1024),
      },
      // The user is the image's: not root, and the owner of /work.
      readonlyRootFilesystem: true,
      linuxParameters: new ecs.LinuxParameters(this, 'Linux', { initProcessEnabled: true }),
      ulimits: [{ name: ecs.UlimitName.NOFILE, softLimit: OPEN_FILES, hardLimit: OPEN_FILES }],
      // Linux's default range has 28,232 ports, which limits the connections to one server. Fargate accepts net.* since
      // platform 1.4.0: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_SystemControl.html
      systemControls: [{ namespace: 'net.ipv4.ip_local_port_range', value: '1024 65535' }],
      stopTimeout: STOP_TIMEOUT,
      logging: ecs.LogDriver.awsLogs({
        streamPrefix: 'task',
        logGroup: logGroup(this, 'Logs', config.logDays),
        // A slow log service must not block the load.
        mode: ecs.AwsLogDriverMode.NON_BLOCKING,
      }),
    });
    container.addMountPoints({ sourceVolume: 'work', containerPath: '/work', readOnly: false });
  }

  /** Each file has one writer: a task may write what tasks write, but no plan, control or result. */
  private permitStore(bucket: s3.IBucket): void {
    const at = (pattern: string) => bucket.arnForObjects(pattern);
    const reason = 'runs differ only in their key prefix, and all of them share the task role';
    permit(this.taskRole, {
      actions: ['s3:GetObject'],
      resources: [at(KEY_PATTERNS.run), at(KEY_PATTERNS.scratch)],
      reason,
    });
    permit(this.taskRole, {
      actions: ['s3:PutObject'],
      resources: [
        at(KEY_PATTERNS.taskFiles),
        at(KEY_PATTERNS.setupData),
        at(KEY_PATTERNS.summaryOutput),
        at(KEY_PATTERNS.windows),
      ],
      reason,
    });
    // Without it, GetObject answers 403 instead of 404 for a key that does not exist yet.
    permit(this.taskRole, { actions: ['s3:ListBucket'], resources: [bucket.bucketArn] });
  }

  /** No kms:Decrypt is needed: the keys aws/ssm and aws/secretsmanager admit every principal that the service admits. */
  private permitSecrets(prefix: string): void {
    const stack = Stack.of(this);
    const reason = 'the prefix is the boundary: who may start a run may read everything under it';
    permit(this.taskRole, {
      actions: ['ssm:GetParameter'],
      resources: [stack.formatArn({ service: 'ssm', resource: `parameter${prefix}*` })],
      reason,
    });
    // A parameter's name must begin with a slash, a secret's may.
    const names = [prefix, prefix.slice(1)];
    permit(this.taskRole, {
      actions: ['secretsmanager:GetSecretValue'],
      resources: names.map(
        (name) => `arn:${Aws.PARTITION}:secretsmanager:${Aws.REGION}:${Aws.ACCOUNT_ID}:secret:${name}*`,
      ),
      reason,
    });
  }

  /** Lets a role pass these roles to ECS tasks, and to nothing else. */
  permitPassingRoles(role: iam.Role): void {
    permit(role, {
      actions: ['iam:PassRole'],
      resources: [this.taskRole.roleArn, this.executionRole.roleArn],
      conditions: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
    });
  }
}

/** A role that only ECS tasks of this account can assume. */
function ecsTaskRole(scope: Construct, id: string, description: string): iam.Role {
  return new iam.Role(scope, id, {
    description: `k6-fleet: ${description}`,
    assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
    }),
  });
}
