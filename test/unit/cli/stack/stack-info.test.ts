import { expect, it } from 'vitest';
import type { AwsClients } from '../../../../cli/stack/aws-clients.ts';
import { loadStack, versionWarning } from '../../../../cli/stack/stack-info.ts';
import { UserError } from '../../../../core/errors.ts';
import { stackInfo } from '../../../support/aws-samples.ts';

/** CloudFormation with one response. */
const clients = (response: unknown, region: string | Error = 'us-east-1') =>
  ({
    cloudFormation: async () => ({
      config: {
        region: async () => {
          if (region instanceof Error) throw region;
          return region;
        },
      },
      send: async () => {
        if (response instanceof Error) throw response;
        return response;
      },
    }),
  }) as unknown as AwsClients;

const stack = (Info: string | null, StackStatus = 'CREATE_COMPLETE') => ({
  Stacks: [{ StackStatus, Outputs: Info === null ? [] : [{ OutputKey: 'Info', OutputValue: Info }] }],
});
const error = (name: string, message: string) => Object.assign(new Error(message), { name });

it.each(['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE'])(
  'reads a stack that is %s',
  async (status) => {
    const info = stackInfo();
    expect(await loadStack('Fleet', clients(stack(JSON.stringify(info), status)))).toEqual(info);
  },
);

it.each<[string, unknown, RegExp]>([
  [
    'no such stack',
    error('ValidationError', 'Stack with id Fleet does not exist'),
    /^there is no stack "Fleet" in us-east-1: deploy it with npx cdk deploy, or set AWS_REGION/,
  ],
  ['a stack of others', stack(null), /^stack "Fleet" in us-east-1 is not a k6-fleet stack: it has no output Info/],
  ['no JSON', stack('x'), /^the output Info of stack "Fleet" is not JSON/],
  [
    'another shape',
    stack(JSON.stringify({ ...stackInfo(), cpu: 'much', version: '9.0.0' })),
    /^stack "Fleet" was deployed by k6-fleet 9\.0\.0, which this version \(.*\) does not understand \(cpu: .*: redeploy it/,
  ],
  [
    'a first deployment that failed',
    stack('{}', 'ROLLBACK_COMPLETE'),
    /is ROLLBACK_COMPLETE: its first deployment failed; destroy it/,
  ],
  ['a deployment under way', stack('{}', 'UPDATE_IN_PROGRESS'), /is UPDATE_IN_PROGRESS: wait until/],
  ['a failed update', stack('{}', 'UPDATE_ROLLBACK_FAILED'), /is UPDATE_ROLLBACK_FAILED: see its events/],
  [
    'no credentials',
    error('CredentialsProviderError', 'Could not load credentials from any providers'),
    /^stack "Fleet" cannot be read in us-east-1: no AWS credentials were found; set AWS_PROFILE/,
  ],
  ['an old session', error('ExpiredTokenException', 'The security token is expired'), /have expired; sign in again/],
  ['no right', error('AccessDenied', 'User is not authorized to perform'), /are not allowed to do that \(AccessDenied/],
])('says in one line what is wrong: %s', async (_, response, message) => {
  const failure = await loadStack('Fleet', clients(response)).catch((thrown: unknown) => thrown);
  expect(failure).toBeInstanceOf(UserError);
  expect((failure as UserError).exitCode).toBe(104);
  expect((failure as UserError).message).toMatch(message);
  expect((failure as UserError).message).not.toContain('\n');
});

it('says that no region is set', async () => {
  const none = clients(stack('{}'), new Error('Region is missing'));
  await expect(loadStack('Fleet', none)).rejects.toThrow('no AWS region is set; set AWS_REGION');
});

it('warns of another version', () => {
  const info = stackInfo({ version: '0.1.0' });
  expect(versionWarning(info, '0.1.0')).toBeNull();
  expect(versionWarning(info, '0.2.0')).toMatch(/^stack Fleet was deployed by k6-fleet 0\.1\.0, this is 0\.2\.0/);
});
