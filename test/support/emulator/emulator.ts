import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { emulatorPython, setupEmulator } from '../../../scripts/setup-emulator.mjs';
import type { Images } from './engine/images.ts';
import { Program } from './program.ts';

export type { ImageSpec, Images } from './engine/images.ts';

/** The emulated account. */
export const ACCOUNT = '000000000000';
const REGION = 'us-east-1';
/** Prefix of every image asset of `cdk deploy`. Images are not built: map this prefix to what runs instead. */
export const ASSET_IMAGES = `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com/cdk-hnb659fds-container-assets-`;

export interface EmulatorOptions {
  /** Verifies signatures and evaluates the caller's policies on every call, over https. Default: false. */
  iam?: boolean;
  /** The images of ECS tasks. A task with any other image fails to start. */
  images?: Images;
  /** Factor on the seconds of a state machine's Wait states. Default: 1. */
  waitScale?: number;
}

export interface ClientOptions {
  endpoint: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
  requestHandler?: { httpsAgent: Agent };
}

/** A running, empty AWS account on this machine. */
export interface Emulator extends AsyncDisposable {
  endpoint: string;
  region: string;
  /** The environment of its client programs, such as cdk: that of this process without the developer's AWS settings. */
  env: NodeJS.ProcessEnv;
  /** For SDK clients in this process. */
  client: ClientOptions;
  /**
   * Kills a task's containers with SIGKILL, as if it ran out of memory or lost its host.
   * @throws Error if it has no running container
   */
  killTask(taskArn: string): Promise<void>;
  /** Its output so far, for the messages of failed tests. */
  log(): string;
  /** Ends it with all its Lambdas and containers. Idempotent. */
  stop(): Promise<void>;
}

const HERE = dirname(fileURLToPath(import.meta.url));
/** Limit of the start, which takes about 2 s, or more on a busy machine. */
const START_LIMIT_MS = 60_000;
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

/** @throws Error with its log if it does not start */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  setupEmulator();
  const dir = mkdtempSync(join(tmpdir(), 'k6-fleet-aws-'));
  const port = await freePort();
  const endpoint = `${options.iam ? 'https' : 'http'}://127.0.0.1:${port}`;
  // MiniStack's self-signed certificate.
  const certificate = join(dir, 'ministack-tls', 'server.crt');
  const aws = {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_EC2_METADATA_DISABLED: 'true',
    ...(options.iam ? { NODE_EXTRA_CA_CERTS: certificate } : {}),
  };
  const programs = startPrograms(dir, port, aws, options);
  const log = () => programs.map((program) => program.log()).join('\n');
  const stop = async () => {
    process.off('exit', kill);
    await Promise.all(programs.map((program) => program.end()));
    rmSync(dir, { recursive: true, force: true });
  };
  const kill = () => {
    for (const program of programs) program.kill();
  };
  process.once('exit', kill);

  try {
    await untilReady(endpoint, certificate, join(dir, 'docker.sock'), programs);
  } catch (error) {
    await stop();
    throw new Error(`the AWS emulator did not start: ${(error as Error).message}\n${log()}`);
  }
  return {
    endpoint,
    region: REGION,
    env: {
      ...withoutAws(process.env),
      ...aws,
      // For cdk, which would otherwise read it from other variables of the developer.
      ...(options.iam ? { AWS_CA_BUNDLE: certificate } : {}),
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      // Neither the developer's profiles nor cdk's cache of accounts.
      AWS_CONFIG_FILE: join(dir, 'none'),
      AWS_SHARED_CREDENTIALS_FILE: join(dir, 'none'),
      CDK_HOME: join(dir, 'cdk'),
      CDK_DEFAULT_ACCOUNT: ACCOUNT,
      CDK_DEFAULT_REGION: REGION,
      CDK_DISABLE_CLI_TELEMETRY: 'true',
      // The SDK in cdk warns of Node 20, which we support, in eight lines.
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      NO_PROXY: '127.0.0.1,localhost',
      no_proxy: '127.0.0.1,localhost',
    },
    client: {
      endpoint,
      region: REGION,
      credentials,
      ...(options.iam
        ? { requestHandler: { httpsAgent: new Agent({ ca: readFileSync(certificate), keepAlive: true }) } }
        : {}),
    },
    killTask: (taskArn) => killTask(join(dir, 'docker.sock'), taskArn),
    log,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** The container engine, and MiniStack, whose environment its Lambdas inherit. */
function startPrograms(dir: string, port: number, aws: NodeJS.ProcessEnv, options: EmulatorOptions): Program[] {
  const socket = join(dir, 'docker.sock');
  const images = join(dir, 'images.json');
  const state = join(dir, 'containers');
  mkdirSync(state);
  writeFileSync(images, JSON.stringify(options.images ?? {}));
  const base = { PATH: `${dirname(process.execPath)}:${process.env.PATH}`, LANG: 'C.UTF-8', TMPDIR: dir };
  return [
    new Program(
      'engine',
      dir,
      process.execPath,
      ['--import', 'tsx', join(HERE, 'engine/main.ts'), socket, state, images],
      {
        ...base,
      },
    ),
    new Program('ministack', dir, emulatorPython, ['-B', join(HERE, 'ministack_gaps')], {
      ...base,
      ...aws,
      HOME: dir,
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      MINISTACK_HOST: '127.0.0.1',
      MINISTACK_REGION: REGION,
      MINISTACK_ACCOUNT_ID: ACCOUNT,
      DOCKER_HOST: `unix://${socket}`,
      LOG_LEVEL: 'WARNING',
      SFN_WAIT_SCALE: String(options.waitScale ?? 1),
      ...(options.iam ? { AUTH: 'true', USE_SSL: '1' } : {}),
    }),
  ];
}

/** The environment without the developer's accounts, endpoints and credentials. */
const withoutAws = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !/^(AWS|CDK)_|^NODE_EXTRA_CA_CERTS$/.test(name)));

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** @throws Error if a program ends, or not all of them are ready in time */
async function untilReady(endpoint: string, certificate: string, socket: string, programs: Program[]): Promise<void> {
  const deadline = Date.now() + START_LIMIT_MS;
  const isReady = async () =>
    (await succeeds(httpRequest, { socketPath: socket, path: '/_ping' })) &&
    (endpoint.startsWith('https')
      ? await succeeds(httpsRequest, { ...address(endpoint), ca: readFileSync(certificate) })
      : await succeeds(httpRequest, address(endpoint)));
  while (!(await isReady().catch(() => false))) {
    const ended = programs.find((program) => program.ended);
    if (ended) throw new Error(`${ended.name} has ended`);
    if (Date.now() > deadline) throw new Error(`not ready after ${START_LIMIT_MS / 1000} s`);
    await sleep(50);
  }
}

const address = (endpoint: string) => ({ host: '127.0.0.1', port: new URL(endpoint).port, path: '/_ministack/health' });

async function killTask(socketPath: string, taskArn: string): Promise<void> {
  const call = async (method: string, path: string) => {
    const sent = httpRequest({ socketPath, method, path, agent: false }).end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return text(response);
  };
  const filters = JSON.stringify({ label: [`com.amazonaws.ecs.task-arn=${taskArn}`] });
  const found = await call('GET', `/containers/json?filters=${encodeURIComponent(filters)}`);
  const containers = JSON.parse(found) as { Id: string }[];
  if (containers.length === 0) throw new Error(`${taskArn} has no running container`);
  await Promise.all(containers.map(({ Id }) => call('POST', `/containers/${Id}/kill?signal=SIGKILL`)));
}

const succeeds = (request: typeof httpRequest | typeof httpsRequest, options: object) =>
  new Promise<boolean>((resolve) => {
    request({ ...options, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    })
      .once('error', () => resolve(false))
      .end();
  });
