import type { Stack } from '@aws-sdk/client-cloudformation';
import { K6Exit } from '../../core/contract/exit-codes.ts';
import { STACK_INFO_OUTPUT, StackInfo } from '../../core/contract/stack.ts';
import { UserError } from '../../core/errors.ts';
import { packageVersion } from '../package-root.ts';
import { type AwsClients, awsClients } from './aws-clients.ts';
import { awsProblem } from './aws-errors.ts';

/** States in which a stack has all of its resources, if perhaps those of an earlier deployment. */
const USABLE = [
  'CREATE_COMPLETE',
  'UPDATE_COMPLETE',
  'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS',
  'UPDATE_ROLLBACK_COMPLETE',
];

/**
 * What a deployed stack tells of itself, by its output `Info`.
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
      `stack "${name}" in ${region} is none of k6-fleet: it has no output ${STACK_INFO_OUTPUT}; name the one that npx cdk deploy made`,
    );
  }
  return parseInfo(name, info);
}

/** What to tell where the stack was deployed by another version than this one's; null: nothing. */
export const versionWarning = ({ stack, version }: StackInfo, own = packageVersion): string | null =>
  version === own
    ? null
    : `stack ${stack} was deployed by k6-fleet ${version}, this is ${own}: deploy it anew by npx cdk deploy, or use that version`;

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
    `there is no stack "${name}" in ${region}: deploy it first by npx cdk deploy, or set AWS_REGION or AWS_PROFILE to where it is`,
  );

function remedyOf(status: string, name: string): string {
  if (status === 'DELETE_IN_PROGRESS') return 'it is being destroyed';
  if (status.endsWith('_IN_PROGRESS')) return 'wait until its deployment has ended';
  if (status === 'ROLLBACK_COMPLETE' || status === 'ROLLBACK_FAILED' || status === 'CREATE_FAILED') {
    return `its first deployment failed; destroy it by npx cdk destroy ${name}, and deploy it again`;
  }
  return 'see its events in CloudFormation, and deploy it again by npx cdk deploy';
}

function parseInfo(name: string, text: string): StackInfo {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    throw refused(`the output ${STACK_INFO_OUTPUT} of stack "${name}" is not JSON: deploy it anew by npx cdk deploy`);
  }
  const parsed = StackInfo.safeParse(raw);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const version = String((raw as { version?: unknown } | null)?.version ?? 'of unknown version');
  throw refused(
    `stack "${name}" was deployed by k6-fleet ${version}, which this one (${packageVersion}) does not understand (${issue?.path.join('.')}: ${issue?.message}): deploy it anew by npx cdk deploy`,
  );
}

const refused = (message: string) => new UserError(message, K6Exit.invalidConfig);
