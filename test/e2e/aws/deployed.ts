/** The stack, deployed as a user would deploy it, on the AWS emulator with IAM on. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DescribeTasksCommand, ECSClient, ListClustersCommand, ListTasksCommand } from '@aws-sdk/client-ecs';
import { ListBucketsCommand, ListObjectsV2Command, NoSuchKey, S3 } from '@aws-sdk/client-s3';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll } from 'vitest';
import { packageRoot } from '../../../cli/package-root.ts';
import { WorkerEnv } from '../../../core/contract/env.ts';
import { runKeys } from '../../../core/contract/keys.ts';
import { Progress } from '../../../core/contract/progress.ts';
import { Result } from '../../../core/contract/result.ts';
import { STACK_INFO_OUTPUT, StackInfo } from '../../../core/contract/stack.ts';
import { buildImage, whyNoImage } from '../../../scripts/build-image.mjs';
import { bootstrap, deploy, destroy } from '../../support/emulator/cdk.ts';
import {
  ASSET_IMAGES,
  type Emulator,
  type ImageSpec,
  type Images,
  startEmulator,
} from '../../support/emulator/emulator.ts';
import { eventually, k6Binary, type Sandbox } from '../../support/fleet.ts';

export const STACK = 'K6Fleet';
const APP = `${process.execPath} --import tsx bin/app.ts`;

/** The image of a task; if it cannot be built, the worker from this machine's own files. */
async function taskImage(): Promise<ImageSpec> {
  const why = whyNoImage();
  if (why === null) return buildImage();
  process.stderr.write(`k6-fleet: tasks run without the image: ${why}\n`);
  return {
    entrypoint: [process.execPath, join(packageRoot, 'dist', 'worker.js')],
    env: { [WorkerEnv.k6]: k6Binary, [WorkerEnv.workDir]: 'task' },
  };
}

export class Deployed {
  private constructor(
    readonly emulator: Emulator,
    readonly info: StackInfo,
    private readonly s3: S3,
    private readonly context: Record<string, string>,
  ) {}

  /**
   * Deploys the stack, for all tests of a file.
   * @param images of tasks other than the fleet's
   */
  static async create(context: Record<string, string> = {}, images: Images = {}): Promise<Deployed> {
    const image = await taskImage();
    const emulator = await startEmulator({ iam: true, images: { ...images, [ASSET_IMAGES]: image }, waitScale: 0.05 });
    afterAll(() => emulator.stop());
    await bootstrap(emulator);
    const outputs = await deploy(emulator, { app: APP, stacks: [STACK], context });
    const info = StackInfo.parse(JSON.parse(outputs[STACK]?.[STACK_INFO_OUTPUT] ?? '{}'));
    return new Deployed(emulator, info, new S3({ ...emulator.client, forcePathStyle: true }), context);
  }

  destroy(): Promise<void> {
    return destroy(this.emulator, { app: APP, stacks: [STACK], context: this.context });
  }

  /** The environment of a user of the CLI. */
  get env(): NodeJS.ProcessEnv {
    return { ...this.emulator.env, K6_FLEET_STACK: STACK };
  }

  /** Starts `k6-fleet run --detach`; returns the run's id. */
  async launch(sandbox: Sandbox, script: string, args: string[] = []): Promise<string> {
    const { code, stdout, stderr } = await sandbox.cli(['run', script, '--detach', ...args], this.env);
    if (code !== 0) throw new Error(`run ended with ${code}: ${stderr}\n${this.emulator.log()}`);
    return stdout.trim();
  }

  /** An object in the stack's bucket; null: it does not exist. */
  async object(key: string): Promise<Buffer | null> {
    try {
      const { Body } = await this.s3.getObject({ Bucket: this.info.bucket, Key: key });
      return Buffer.from((await Body?.transformToByteArray()) ?? []);
    } catch (error) {
      if (error instanceof NoSuchKey) return null;
      throw error;
    }
  }

  /** How many objects there are in the bucket. */
  async countObjects(): Promise<number> {
    const { KeyCount } = await this.s3.send(new ListObjectsV2Command({ Bucket: this.info.bucket }));
    return KeyCount ?? 0;
  }

  async progress(run: string): Promise<Progress | null> {
    const body = await this.object(runKeys(run).progress);
    return body === null ? null : Progress.parse(JSON.parse(body.toString()));
  }

  /** Waits until the run is in that phase. */
  phase(run: string, phase: Progress['phase']): Promise<Progress> {
    return eventually(`phase ${phase} of ${run}`, async () => {
      const progress = await this.progress(run);
      return progress?.phase === phase && progress;
    });
  }

  /** Waits for the result. */
  result(run: string): Promise<Result> {
    return eventually(
      `result of ${run}`,
      async () => {
        const body = await this.object(runKeys(run).result);
        return body !== null && Result.parse(JSON.parse(body.toString()));
      },
      120_000,
    );
  }

  /** Starts a second execution of the state machine for a run. */
  async executeAgain(run: string): Promise<void> {
    const sfn = new SFNClient(this.emulator.client);
    const { stateMachine: stateMachineArn } = this.info;
    await sfn.send(
      new StartExecutionCommand({ stateMachineArn, name: `${run}-again`, input: JSON.stringify({ run }) }),
    );
  }

  async executionStatus(run: string): Promise<string | undefined> {
    const executionArn = `${this.info.stateMachine.replace(':stateMachine:', ':execution:')}:${run}`;
    return (await new SFNClient(this.emulator.client).send(new DescribeExecutionCommand({ executionArn }))).status;
  }

  /** ARNs of the run's tasks that ECS has not stopped. */
  async tasks(run: string): Promise<string[]> {
    const { taskArns = [] } = await new ECSClient(this.emulator.client).send(
      new ListTasksCommand({ cluster: this.info.cluster, startedBy: run }),
    );
    return taskArns;
  }

  /** Stacks, clusters and buckets of the account, without those of CDK. */
  async resources(): Promise<string[]> {
    const { client } = this.emulator;
    const { Stacks = [] } = await new CloudFormationClient(client).send(new DescribeStacksCommand({}));
    const { clusterArns = [] } = await new ECSClient(client).send(new ListClustersCommand({}));
    const { Buckets = [] } = await this.s3.send(new ListBucketsCommand({}));
    return [
      ...Stacks.filter(({ StackStatus }) => StackStatus !== 'DELETE_COMPLETE').map(
        ({ StackName }) => `stack ${StackName}`,
      ),
      ...clusterArns.map((arn) => `cluster ${arn.split('/').at(-1)}`),
      ...Buckets.map(({ Name }) => `bucket ${Name}`),
    ].filter((name) => !/CDKToolkit|cdk-hnb659fds|cluster default/.test(name));
  }

  /** Kills a task with all its processes, as if its host had failed. */
  async killTask(run: string, task: number): Promise<void> {
    const { tasks = [] } = await new ECSClient(this.emulator.client).send(
      new DescribeTasksCommand({ cluster: this.info.cluster, tasks: await this.tasks(run) }),
    );
    const isOfTask = ({ name, value }: { name?: string; value?: string }) =>
      name === WorkerEnv.task && value === String(task);
    const found = tasks.find(({ overrides }) => overrides?.containerOverrides?.[0]?.environment?.some(isOfTask));
    if (found?.taskArn === undefined) throw new Error(`task ${task} of ${run} is not running on ECS`);
    await this.emulator.killTask(found.taskArn);
  }

  /** Kills the processes of the coordinator's Lambda; returns how many there were. */
  async killLeg(): Promise<number> {
    let killed = 0;
    for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
      const text = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
      const env = new Map(text.split('\0').map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]));
      if (env.get('AWS_ENDPOINT_URL') !== this.emulator.endpoint) continue;
      if (!/coordinator/i.test(env.get('AWS_LAMBDA_FUNCTION_NAME') ?? '')) continue;
      try {
        process.kill(Number(pid), 'SIGKILL');
        killed += 1;
      } catch {
        // it has exited meanwhile
      }
    }
    return killed;
  }
}
