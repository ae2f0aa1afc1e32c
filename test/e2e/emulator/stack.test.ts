import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CloudFormationClient, ListStacksCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, DescribeAlarmsCommand, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeRouteTablesCommand, EC2Client } from '@aws-sdk/client-ec2';
import {
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  StopTaskCommand,
} from '@aws-sdk/client-ecs';
import { DeleteObjectsCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { GetServiceQuotaCommand, ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { bootstrap, type CdkApp, deploy, destroy } from '../../support/emulator/cdk.ts';
import { type Emulator, startEmulator } from '../../support/emulator/emulator.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const PATIENCE = { timeout: 30_000, interval: 100 };

describe('a stack like ours, deployed with IAM on', () => {
  let emulator: Emulator;
  let cdkOut = '';
  let app: CdkApp;
  let outputs: Record<string, string>;
  let s3: S3Client;
  let ecs: ECSClient;
  let sfn: SFNClient;

  beforeAll(async () => {
    emulator = await startEmulator({
      iam: true,
      images: {
        'fixture:': {
          entrypoint: [process.execPath, here('../../support/emulator/fixtures/task.mjs')],
          env: { FROM_IMAGE: 'yes' },
        },
      },
    });
    await bootstrap(emulator);
    cdkOut = mkdtempSync(join(tmpdir(), 'k6-fleet-fixture-'));
    // Once, for deploy and destroy.
    execFileSync(process.execPath, ['--import', 'tsx', here('../../support/emulator/fixtures/app.ts')], {
      env: { ...emulator.env, CDK_OUTDIR: cdkOut },
      stdio: 'inherit',
    });
    app = { app: cdkOut };
    outputs = (await deploy(emulator, app)).EmulatorFixture ?? {};
    s3 = new S3Client(emulator.client);
    ecs = new ECSClient(emulator.client);
    sfn = new SFNClient(emulator.client);
  });
  afterAll(async () => {
    await emulator?.stop();
    rmSync(cdkOut, { recursive: true, force: true });
  });

  const read = (Key: string) =>
    vi.waitFor(async () => {
      const object = await s3.send(new GetObjectCommand({ Bucket: outputs.BucketName, Key }));
      return (await object.Body?.transformToString()) ?? '';
    }, PATIENCE);

  const taskRequest = (name: string, command: string[] = []) => ({
    cluster: outputs.ClusterArn,
    taskDefinition: outputs.TaskDefinitionArn,
    startedBy: 'test-run',
    clientToken: name,
    capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }],
    networkConfiguration: {
      awsvpcConfiguration: { subnets: outputs.SubnetIds?.split(','), assignPublicIp: 'ENABLED' as const },
    },
    overrides: { containerOverrides: [{ name: 'main', command, environment: [{ name: 'NAME', value: name }] }] },
  });
  const run = async (name: string, command?: string[], client = ecs) => {
    const { tasks, failures } = await client.send(new RunTaskCommand(taskRequest(name, command)));
    expect(failures).toEqual([]);
    return tasks?.[0]?.taskArn as string;
  };
  const describeTask = async (arn: string) => {
    const { tasks } = await ecs.send(new DescribeTasksCommand({ cluster: outputs.ClusterArn, tasks: [arn] }));
    return tasks?.[0];
  };
  const stopped = (arn: string) =>
    vi.waitFor(async () => {
      const task = await describeTask(arn);
      expect(task?.lastStatus).toBe('STOPPED');
      return task;
    }, PATIENCE);
  const status = (executionArn: string, wanted: string) =>
    vi.waitFor(async () => {
      const execution = await sfn.send(new DescribeExecutionCommand({ executionArn }));
      expect(execution.status).toBe(wanted);
      return execution;
    }, PATIENCE);

  it('runs a task with its environment and its role, which may do only what its policy allows', async () => {
    const arn = await run('reports', ['3']);
    const report = JSON.parse(await read('tasks/reports/report.json'));
    expect(report.tried).toEqual({ own: 'ok', other: 'AccessDenied' });
    expect(report.env).toMatchObject({
      FROM_IMAGE: 'yes',
      FROM_DEFINITION: 'yes',
      NAME: 'reports',
      AWS_EXECUTION_ENV: 'AWS_ECS_FARGATE',
      AWS_REGION: emulator.region,
      AWS_ENDPOINT_URL: emulator.endpoint,
    });
    // As on ECS, the role's session comes from an endpoint: the environment holds no keys.
    expect(report.env).not.toHaveProperty('AWS_ACCESS_KEY_ID');
    expect(report.env).not.toHaveProperty('VITEST');

    const task = await stopped(arn);
    expect(task).toMatchObject({ startedBy: 'test-run', stopCode: 'EssentialContainerExited' });
    expect(task?.containers?.[0]?.exitCode).toBe(3);
    expect(JSON.parse(await read(`ended/${arn.split('/').at(-1)}.json`)).detail.containers[0].exitCode).toBe(3);
  });

  it('stops a task with SIGTERM, waits for it, and reports its exit code and the reason', async () => {
    const arn = await run('stops');
    await read('tasks/stops/report.json');
    const list = (startedBy: string) =>
      ecs.send(new ListTasksCommand({ cluster: outputs.ClusterArn, startedBy })).then(({ taskArns }) => taskArns);
    expect(await list('test-run')).toEqual([arn]);
    expect(await list('another-run')).toEqual([]);

    const { task: stopping } = await ecs.send(
      new StopTaskCommand({ cluster: outputs.ClusterArn, task: arn, reason: 'the test says so' }),
    );
    expect(stopping).toMatchObject({ desiredStatus: 'STOPPED', lastStatus: 'STOPPING' });
    const task = await stopped(arn);
    expect(task).toMatchObject({ stopCode: 'UserInitiated', stoppedReason: 'the test says so' });
    expect(task?.containers?.[0]?.exitCode).toBe(7);
    expect(await read('tasks/stops/sigterm')).toBe('SIGTERM came');
  });

  it('reports a task that was killed', async () => {
    const arn = await run('killed');
    await read('tasks/killed/report.json');
    await emulator.killTask(arn);
    const task = await stopped(arn);
    expect(task).toMatchObject({ stopCode: 'EssentialContainerExited' });
    expect(task?.containers?.[0]?.exitCode).toBe(137);
    await expect(emulator.killTask(arn)).rejects.toThrow('no running container');
  });

  it('gives the same task to the same client token, and refuses another request with it', async () => {
    const arn = await run('twice', ['0']);
    expect(await run('twice', ['0'])).toBe(arn);
    await expect(run('twice', ['1'])).rejects.toThrow(/already in use/);
    await stopped(arn);
  });

  it('fails a task whose image does not exist', async () => {
    const request = { ...taskRequest('no-image'), taskDefinition: outputs.TaskDefinitionArn };
    const { taskDefinition } = await ecs.send(
      new RegisterTaskDefinitionCommand({
        family: 'no-image',
        containerDefinitions: [{ name: 'main', image: 'nowhere/to-be-found:1', essential: true, memory: 64 }],
      }),
    );
    const { tasks } = await ecs.send(
      new RunTaskCommand({ ...request, taskDefinition: taskDefinition?.taskDefinitionArn }),
    );
    const task = await stopped(tasks?.[0]?.taskArn as string);
    expect(task).toMatchObject({ stopCode: 'TaskFailedToStart' });
    expect(task?.stoppedReason).toContain('nowhere/to-be-found:1');
  });

  const as = async (RoleArn = '') => {
    const { Credentials } = await new STSClient(emulator.client).send(
      new AssumeRoleCommand({ RoleArn, RoleSessionName: 'test' }),
    );
    return {
      ...emulator.client,
      credentials: {
        accessKeyId: Credentials?.AccessKeyId ?? '',
        secretAccessKey: Credentials?.SecretAccessKey ?? '',
        sessionToken: Credentials?.SessionToken ?? '',
      },
    };
  };
  const denied = (action: string) => ({
    name: expect.stringMatching('AccessDenied'),
    message: expect.stringContaining(action),
  });

  it('evaluates calls of ECS on their resources and their cluster', async () => {
    const starter = new ECSClient(await as(outputs.StarterArn));
    const arn = await run('starter', [], starter);
    const { tasks } = await starter.send(new DescribeTasksCommand({ cluster: outputs.ClusterArn, tasks: [arn] }));
    expect(tasks).toHaveLength(1);
    const elsewhere = new ListTasksCommand({ cluster: 'another' });
    await expect(starter.send(elsewhere)).rejects.toMatchObject(denied('ecs:ListTasks'));
    const stop = new StopTaskCommand({ cluster: outputs.ClusterArn, task: arn });
    await expect(starter.send(stop)).rejects.toMatchObject(denied('ecs:StopTask'));
    await ecs.send(stop);
    await stopped(arn);
  });

  it('evaluates calls of the services that MiniStack lacks', async () => {
    const quotas = new ServiceQuotasClient(await as(outputs.StarterArn));
    const quota = quotas.send(new GetServiceQuotaCommand({ ServiceCode: 'fargate', QuotaCode: 'L-3032A538' }));
    await expect(quota).rejects.toMatchObject(denied('servicequotas:GetServiceQuota'));
  });

  it('refuses RunTask to a caller without iam:PassRole on its roles', async () => {
    const unpassing = new ECSClient(await as(outputs.UnpassingArn));
    await expect(run('unpassing', [], unpassing)).rejects.toMatchObject(denied('iam:PassRole'));
  });

  it('evaluates PutMetricData by its namespace', async () => {
    const cloudwatch = new CloudWatchClient(await as(outputs.StarterArn));
    const put = (Namespace: string) =>
      cloudwatch.send(new PutMetricDataCommand({ Namespace, MetricData: [{ MetricName: 'Other', Value: 1 }] }));
    await put('Fixture');
    await expect(put('Elsewhere')).rejects.toMatchObject(denied('cloudwatch:PutMetricData'));
  });

  it("finds the way out of the stack's subnets in their routes", async () => {
    const { RouteTables } = await new EC2Client(emulator.client).send(
      new DescribeRouteTablesCommand({
        Filters: [{ Name: 'association.subnet-id', Values: outputs.SubnetIds?.split(',') }],
      }),
    );
    expect(RouteTables).toHaveLength(2);
    for (const { Routes } of RouteTables ?? []) {
      expect(Routes).toContainEqual(
        expect.objectContaining({ DestinationCidrBlock: '0.0.0.0/0', GatewayId: expect.stringMatching(/^igw-/) }),
      );
    }
  });

  it('runs a state machine, whose Lambda may do only what its policy allows', async () => {
    const { executionArn = '' } = await sfn.send(
      new StartExecutionCommand({
        stateMachineArn: outputs.MachineArn,
        input: JSON.stringify({ keys: ['probes/mine', 'tasks/not-mine'] }),
      }),
    );
    const execution = await status(executionArn, 'SUCCEEDED');
    expect(JSON.parse(execution.output ?? '')).toEqual({ 'probes/mine': 'ok', 'tasks/not-mine': 'AccessDenied' });
  });

  it.each([
    { how: 'was aborted', name: 'aborted', input: { hang: true }, ended: 'ABORTED' },
    { how: 'failed', name: 'failed', input: { keys: [], fail: 'on purpose' }, ended: 'FAILED' },
  ])('notifies the rule of an execution that $how', async ({ name, input, ended }) => {
    const { executionArn = '' } = await sfn.send(
      new StartExecutionCommand({ stateMachineArn: outputs.MachineArn, name, input: JSON.stringify(input) }),
    );
    if (ended === 'ABORTED') {
      await status(executionArn, 'RUNNING');
      await sfn.send(new StopExecutionCommand({ executionArn }));
    }
    const { error } = await status(executionArn, ended);
    if (ended === 'FAILED') expect(error).toBe('TypeError'); // the name that the Lambda's code gave it
    const { detail } = JSON.parse(await read(`ended/${name}.json`));
    expect(detail).toMatchObject({ status: ended, name, executionArn, input: JSON.stringify(input) });
  });

  it('fires an alarm on a metric that is published', async () => {
    const cloudwatch = new CloudWatchClient(emulator.client);
    const datum = { MetricName: 'Lag', Values: [1, 50], Counts: [9, 1] };
    await cloudwatch.send(new PutMetricDataCommand({ Namespace: 'Fixture', MetricData: [datum] }));
    await vi.waitFor(async () => {
      const alarms = await cloudwatch.send(new DescribeAlarmsCommand({ AlarmNames: [outputs.AlarmName as string] }));
      expect(alarms.MetricAlarms?.[0]?.StateValue).toBe('ALARM');
    }, PATIENCE);
  });

  it('denies access to the bucket without TLS, by its policy', async () => {
    const plain = new S3Client({ ...emulator.client, endpoint: emulator.endpoint.replace('https', 'http') });
    await expect(plain.send(new ListObjectsV2Command({ Bucket: outputs.BucketName }))).rejects.toThrow();
  });

  it('is gone after destroy', async () => {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: outputs.BucketName }));
    expect(Contents.length).toBeGreaterThan(0);
    await s3.send(
      new DeleteObjectsCommand({
        Bucket: outputs.BucketName,
        Delete: { Objects: Contents.map(({ Key }) => ({ Key })) },
      }),
    );
    await destroy(emulator, app);
    const { StackSummaries = [] } = await new CloudFormationClient(emulator.client).send(
      new ListStacksCommand({ StackStatusFilter: ['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'DELETE_FAILED'] }),
    );
    expect(StackSummaries.map(({ StackName }) => StackName)).toEqual(['CDKToolkit']);
  });
});
