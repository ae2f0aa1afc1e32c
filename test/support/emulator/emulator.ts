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

/** The emulated account: every key of its own that the emulator accepts as root's is of this one. */
export const ACCOUNT = '000000000000';
const REGION = 'us-east-1';
/** The beginning of every image that `cdk deploy` has as an asset. No image is built: name what shall run in its place. */
export const ASSET_IMAGES = `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com/cdk-hnb659fds-container-assets-`;

export interface EmulatorOptions {
  /** Every call is signed, and judged by the policies of who makes it; the endpoint is https. Default: false. */
  iam?: boolean;
  /** What the images of ECS tasks are. A task of any other image fails to start. */
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

/** A running AWS on this machine, of its own and empty. */
export interface Emulator extends AsyncDisposable {
  endpoint: string;
  region: string;
  /** For programs that talk to it, such as cdk: this process's environment, without any of the developer's own AWS. */
  env: NodeJS.ProcessEnv;
  /** For SDK clients in this process. */
  client: ClientOptions;
  /**
   * Kills a task's containers with SIGKILL, as when it runs out of memory or its host is lost.
   * @throws Error where no container of it runs
   */
  killTask(taskArn: string): Promise<void>;
  /** What it has written so far, for a failed test's message. */
  log(): string;
  /** Ends it with all its Lambdas and containers. Twice is fine. */
  stop(): Promise<void>;
}

const HERE = dirname(fileURLToPath(import.meta.url));
/** How long it may take to start, in ms: it takes about 2 s, on a busy machine more. */
const START_LIMIT = 60_000;
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

/** @throws Error with its log where it does not start */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  setupEmulator();
  const dir = mkdtempSync(join(tmpdir(), 'k6-fleet-aws-'));
  const port = await freePort();
  const endpoint = `${options.iam ? 'https' : 'http'}://127.0.0.1:${port}`;
  // Where MiniStack keeps the certificate that it makes for itself.
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
    await ready(endpoint, certificate, join(dir, 'docker.sock'), programs);
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
      // cdk trusts this alone, or else what some other variable of the developer's names.
      ...(options.iam ? { AWS_CA_BUNDLE: certificate } : {}),
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      // Neither a profile of the developer's nor cdk's cache of accounts.
      AWS_CONFIG_FILE: join(dir, 'none'),
      AWS_SHARED_CREDENTIALS_FILE: join(dir, 'none'),
      CDK_HOME: join(dir, 'cdk'),
      CDK_DEFAULT_ACCOUNT: ACCOUNT,
      CDK_DEFAULT_REGION: REGION,
      CDK_DISABLE_CLI_TELEMETRY: 'true',
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

/** The container engine, then MiniStack, whose environment is what its Lambdas inherit. */
function startPrograms(dir: string, port: number, aws: NodeJS.ProcessEnv, options: EmulatorOptions): Program[] {
  const socket = join(dir, 'docker.sock');
  const images = join(dir, 'images.json');
  const state = join(dir, 'containers');
  mkdirSync(state);
  writeFileSync(images, JSON.stringify(options.images ?? {}));
  const bare = { PATH: `${dirname(process.execPath)}:${process.env.PATH}`, LANG: 'C.UTF-8', TMPDIR: dir };
  return [
    new Program(
      'engine',
      dir,
      process.execPath,
      ['--import', 'tsx', join(HERE, 'engine/main.ts'), socket, state, images],
      {
        ...bare,
      },
    ),
    new Program('ministack', dir, emulatorPython, ['-B', join(HERE, 'ministack_gaps')], {
      ...bare,
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

/** The environment without what names an account, an endpoint or credentials of the developer's. */
const withoutAws = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !/^(AWS|CDK)_|^NODE_EXTRA_CA_CERTS$/.test(name)));

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** @throws Error where a program ends, or not all is ready in time */
async function ready(endpoint: string, certificate: string, socket: string, programs: Program[]): Promise<void> {
  const deadline = Date.now() + START_LIMIT;
  const answers = async () =>
    (await succeeds(httpRequest, { socketPath: socket, path: '/_ping' })) &&
    (endpoint.startsWith('https')
      ? await succeeds(httpsRequest, { ...address(endpoint), ca: readFileSync(certificate) })
      : await succeeds(httpRequest, address(endpoint)));
  while (!(await answers().catch(() => false))) {
    const ended = programs.find((program) => program.ended);
    if (ended) throw new Error(`${ended.name} has ended`);
    if (Date.now() > deadline) throw new Error(`not ready after ${START_LIMIT / 1000} s`);
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
  if (containers.length === 0) throw new Error(`no container of ${taskArn} runs`);
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
