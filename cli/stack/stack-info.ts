import type { Stack } from '@aws-sdk/client-cloudformation';
import { K6Exit } from '../../core/contract/exit-codes.ts';
import { STACK_INFO_OUTPUT, StackInfo } from '../../core/contract/stack.ts';
import { UserError } from '../../core/errors.ts';
import { packageVersion } from '../package-root.ts';
import { type AwsClients, awsClients } from './aws-clients.ts';
import { awsProblem } from './findings.ts';

/** States in which a stack has all of its resources, perhaps those of an earlier deployment. */
const USABLE = [
  'CREATE_COMPLETE',
  'UPDATE_COMPLETE',
  'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS',
  'UPDATE_ROLLBACK_COMPLETE',
];

/**
 * Reads a deployed stack's description of itself, its output `Info`.
 * @throws UserError (104), one line: no such stack, not ours, not usable now, no credentials or region
 */
export async function loadStack(
  name: string,
  clients: Pick<AwsClients, 'cloudFormation'> = awsClients(),
): Promise<StackInfo> {
  const { stack, region } = await describeStack(name, clients);
  const status = stack.StackStatus ?? 'unknown';
  if (!USABLE.includes(status)) throw refused(`stack "${name}" in ${region} is ${status}: ${remedyOf(status, name)}`);
  const info = stack.Outputs?.find(({ OutputKey }) => OutputKey === STACK_INFO_OUTPUT)?.OutputValue;
  if (info === undefined) {
    throw refused(
      `stack "${name}" in ${region} is not a k6-fleet stack: it has no output ${STACK_INFO_OUTPUT}; use the name of the stack that npx cdk deploy created`,
    );
  }
  return parseInfo(name, info);
}

/** A warning if the stack was deployed by another version than this one; else null. */
export const versionWarning = ({ stack, version }: StackInfo, own = packageVersion): string | null =>
  version === own
    ? null
    : `stack ${stack} was deployed by k6-fleet ${version}, this is ${own}: redeploy it with npx cdk deploy, or use that version`;

async function describeStack(name: string, clients: Pick<AwsClients, 'cloudFormation'>) {
  let region = 'the current region';
  try {
    const client = await clients.cloudFormation();
    region = await client.config.region();
    const { DescribeStacksCommand } = await import('@aws-sdk/client-cloudformation');
    const stack: Stack | undefined = (await client.send(new DescribeStacksCommand({ StackName: name }))).Stacks?.[0];
    if (stack === undefined) throw noStack(name, region);
    return { stack, region };
  } catch (error) {
    if (error instanceof UserError) throw error;
    // `Stack with id … does not exist`
    const { name: kind, message } = error as Error;
    if (kind === 'ValidationError' && /does not exist/.test(message)) throw noStack(name, region);
    throw refused(`stack "${name}" cannot be read in ${region}: ${awsProblem(error)}`);
  }
}

const noStack = (name: string, region: string) =>
  refused(
    `there is no stack "${name}" in ${region}: deploy it with npx cdk deploy, or set AWS_REGION or AWS_PROFILE to where it is`,
  );

function remedyOf(status: string, name: string): string {
  if (status === 'DELETE_IN_PROGRESS') return 'it is being destroyed';
  if (status.endsWith('_IN_PROGRESS')) return 'wait until its deployment ends';
  if (status === 'ROLLBACK_COMPLETE' || status === 'ROLLBACK_FAILED' || status === 'CREATE_FAILED') {
    return `its first deployment failed; destroy it with npx cdk destroy ${name} and deploy it again`;
  }
  return 'see its events in CloudFormation, and redeploy it with npx cdk deploy';
}

function parseInfo(name: string, text: string): StackInfo {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    throw refused(`the output ${STACK_INFO_OUTPUT} of stack "${name}" is not JSON: redeploy it with npx cdk deploy`);
  }
  const parsed = StackInfo.safeParse(raw);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const version = String((raw as { version?: unknown } | null)?.version ?? 'of an unknown version');
  throw refused(
    `stack "${name}" was deployed by k6-fleet ${version}, which this version (${packageVersion}) does not understand (${issue?.path.join('.')}: ${issue?.message}): redeploy it with npx cdk deploy`,
  );
}

const refused = (message: string) => new UserError(message, K6Exit.invalidConfig);
