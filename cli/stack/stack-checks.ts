/** What `doctor --stack` checks. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { FARGATE_QUOTA } from '../../core/aws/quota.ts';
import type { StackInfo } from '../../core/contract/stack.ts';
import { UserError } from '../../core/errors.ts';
import { type AwsClients, awsClients } from './aws-clients.ts';
import { checkQuota } from './fargate-quota.ts';
import { awsProblem } from './findings.ts';
import { checkNetwork } from './network.ts';
import { loadStack, versionWarning } from './stack-info.ts';

/** `warning`: it does not prevent runs. `skipped`: an earlier check has failed. */
export interface CheckResult {
  name: string;
  state: 'ok' | 'warning' | 'failed' | 'skipped';
  text: string;
}

export interface StackChecksOptions {
  stack: string;
  clients?: (region?: string) => AwsClients;
  /** The version of the program that builds images. @throws Error if there is none that works */
  builder?: () => Promise<string>;
  /** Unix ms. */
  now?: number;
}

/** The version of CDK's bootstrap, with its default qualifier: https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping.html */
const BOOTSTRAP_VERSION = '/cdk-bootstrap/hnb659fds/version';
const NOT_CHECKED = 'not checked, because of the above';

const ok = (name: string, text: string): CheckResult => ({ name, state: 'ok', text });
const failed = (name: string, text: string): CheckResult => ({ name, state: 'failed', text });
const warning = (name: string, text: string): CheckResult => ({ name, state: 'warning', text });
const skipped = (...names: string[]): CheckResult[] =>
  names.map((name) => ({ name, state: 'skipped', text: NOT_CHECKED }));

/**
 * Checks region, credentials, the stack, what it needs for a run, and what only a deployment needs. Changes nothing, and
 * shows no secret.
 *
 * Permissions: cloudformation:DescribeStacks, and those of the checks before a run; without ssm:GetParameter, bootstrap is
 * not checked. sts:GetCallerIdentity needs none.
 */
export async function checkStack(options: StackChecksOptions): Promise<CheckResult[]> {
  const { stack, clients = awsClients, builder = imageBuilder } = options;
  const docker = await checkBuilder(builder);
  const region = await regionOf(clients());
  if (region.state !== 'ok') {
    return [region, ...skipped('credentials', 'stack', 'quota', 'network', 'bootstrap'), docker];
  }
  const credentials = await checkCredentials(clients());
  if (credentials.state === 'failed') {
    return [region, credentials, ...skipped('stack', 'quota', 'network', 'bootstrap'), docker];
  }
  const [{ check, info }, bootstrap] = await Promise.all([describe(stack, clients()), checkBootstrap(clients())]);
  if (info === null) return [region, credentials, check, ...skipped('quota', 'network'), bootstrap, docker];
  const ofStack = clients(info.region);
  const now = options.now ?? Date.now();
  return [
    region,
    credentials,
    check,
    ...(await Promise.all([checkFreeVcpus(ofStack, info, now), checkSubnets(ofStack, info)])),
    bootstrap,
    docker,
  ];
}

async function regionOf(clients: AwsClients): Promise<CheckResult> {
  try {
    return ok('region', await (await clients.cloudFormation()).config.region());
  } catch (error) {
    return failed('region', awsProblem(error));
  }
}

async function checkCredentials(clients: AwsClients): Promise<CheckResult> {
  try {
    const { GetCallerIdentityCommand } = await import('@aws-sdk/client-sts');
    const { Account, Arn } = await (await clients.sts()).send(new GetCallerIdentityCommand({}));
    return ok('credentials', `account ${Account}, as ${Arn}`);
  } catch (error) {
    return failed('credentials', awsProblem(error));
  }
}

async function describe(name: string, clients: AwsClients): Promise<{ check: CheckResult; info: StackInfo | null }> {
  try {
    const info = await loadStack(name, clients);
    const other = versionWarning(info);
    const text = `${name}, deployed by k6-fleet ${info.version}`;
    return { check: other === null ? ok('stack', text) : warning('stack', other), info };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { check: failed('stack', error.message), info: null };
  }
}

async function checkFreeVcpus(clients: AwsClients, info: StackInfo, now: number): Promise<CheckResult> {
  const { problems, warnings } = await checkQuota(clients, info, { tasks: 1, withTarget: true, now });
  const [problem] = problems;
  if (problem !== undefined) return failed('quota', problem);
  if (warnings.length > 0) return warning('quota', warnings.join('; '));
  const { name } = FARGATE_QUOTA[info.capacity];
  return ok('quota', `Fargate ${name} has vCPUs left for at least one task; plan --stack checks those of a run`);
}

async function checkSubnets(clients: AwsClients, info: StackInfo): Promise<CheckResult> {
  const { problems, warnings, subnets } = await checkNetwork(await clients.ec2(), info.subnets, 1);
  if (problems.length > 0) return failed('network', problems.join('; '));
  if (warnings.length > 0) return warning('network', warnings.join('; '));
  return ok(
    'network',
    `${subnets.length} subnet${subnets.length === 1 ? '' : 's'} in ${subnets.map(({ zone }) => zone).join(', ')}`,
  );
}

async function checkBootstrap(clients: AwsClients): Promise<CheckResult> {
  const needed = 'needed only to deploy';
  try {
    const { GetParameterCommand } = await import('@aws-sdk/client-ssm');
    const { Parameter } = await (await clients.ssm()).send(new GetParameterCommand({ Name: BOOTSTRAP_VERSION }));
    return ok('bootstrap', `version ${Parameter?.Value}; ${needed}`);
  } catch (error) {
    const { name } = error as Error;
    if (name === 'ParameterNotFound') {
      return warning('bootstrap', `CDK is not bootstrapped here: run npx cdk bootstrap; ${needed}`);
    }
    return warning('bootstrap', `cannot be read: ${awsProblem(error)}; ${needed}`);
  }
}

async function checkBuilder(builder: () => Promise<string>): Promise<CheckResult> {
  const needed = 'needed only to deploy';
  return builder().then(
    (version) => ok('docker', `${version}; ${needed}`),
    (error: Error) => warning('docker', `${error.message}; ${needed}`),
  );
}

/** As CDK finds it: Docker, or the program of CDK_DOCKER. */
async function imageBuilder(): Promise<string> {
  const program = process.env.CDK_DOCKER || 'docker';
  try {
    const { stdout } = await promisify(execFile)(program, ['version', '--format', '{{.Server.Version}}'], {
      timeout: 10_000,
    });
    return `${program} ${stdout.trim()}`;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const what = code === 'ENOENT' ? `there is no ${program}` : `${program} does not answer`;
    throw new Error(`${what}: install or start Docker, or name another builder in CDK_DOCKER`);
  }
}
