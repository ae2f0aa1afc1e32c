import { expect, it } from 'vitest';
import { packageVersion } from '../../../../cli/package-root.ts';
import type { AwsClients } from '../../../../cli/stack/aws-clients.ts';
import { checkStack } from '../../../../cli/stack/stack-checks.ts';
import { stackInfo } from '../../../support/aws-samples.ts';

// biome-ignore lint/suspicious/noExplicitAny: responses of any service
type Responses = Record<string, any>;

const info = (more = {}) => stackInfo({ version: packageVersion, subnets: ['subnet-a'], target: null, ...more });
const stackOf = (of: object) => ({
  Stacks: [{ StackStatus: 'CREATE_COMPLETE', Outputs: [{ OutputKey: 'Info', OutputValue: JSON.stringify(of) }] }],
});
const error = (name: string, message: string) => Object.assign(new Error(message), { name });

/** An account without problems. */
const RESPONSES: Responses = {
  GetCallerIdentity: { Account: '123456789012', Arn: 'arn:aws:iam::123456789012:user/me' },
  DescribeStacks: stackOf(info()),
  DescribeSubnets: {
    Subnets: [
      {
        SubnetId: 'subnet-a',
        AvailabilityZone: 'us-east-1a',
        AvailableIpAddressCount: 100,
        VpcId: 'vpc-1',
        MapPublicIpOnLaunch: true,
      },
    ],
  },
  DescribeRouteTables: {
    RouteTables: [
      {
        VpcId: 'vpc-1',
        Associations: [{ Main: true }],
        Routes: [{ DestinationCidrBlock: '0.0.0.0/0', State: 'active', GatewayId: 'igw-1' }],
      },
    ],
  },
  GetServiceQuota: { Quota: { Value: 100 } },
  GetMetricData: { MetricDataResults: [] },
  GetParameter: { Parameter: { Value: '21' } },
};

async function check(responses: Responses = {}, builder: () => Promise<string> = async () => 'docker 29.1') {
  const region = responses.region ?? 'us-east-1';
  const client = async () => ({
    config: {
      region: async () => {
        if (region instanceof Error) throw region;
        return region;
      },
    },
    send: async ({ constructor: { name } }: { constructor: { name: string } }) => {
      const response = { ...RESPONSES, ...responses }[name.replace(/Command$/, '')];
      if (response instanceof Error) throw response;
      return response;
    },
  });
  const names = ['cloudFormation', 'ec2', 'ecs', 'cloudWatch', 'serviceQuotas', 'scaling', 'sts', 'ssm'];
  const clients = Object.fromEntries(names.map((name) => [name, client])) as unknown as AwsClients;
  const results = await checkStack({ stack: 'Fleet', clients: () => clients, builder, now: 0 });
  return results.map(({ name, state, text }) => `${state} ${name}: ${text}`);
}

it('finds nothing in an account without problems', async () => {
  expect(await check()).toEqual([
    'ok region: us-east-1',
    'ok credentials: account 123456789012, as arn:aws:iam::123456789012:user/me',
    `ok stack: Fleet, deployed by k6-fleet ${packageVersion}`,
    'ok quota: Fargate On-Demand has vCPUs left for at least one task; plan --stack checks those of a run',
    'ok network: 1 subnet in us-east-1a',
    'ok bootstrap: version 21; needed only to deploy',
    'ok docker: docker 29.1; needed only to deploy',
  ]);
});

it.each<[string, Responses, RegExp[]]>([
  [
    'no region',
    { region: new Error('Region is missing') },
    [/^failed region: no AWS region is set; set AWS_REGION/, /^skipped credentials: not checked/],
  ],
  [
    'no credentials',
    { GetCallerIdentity: error('CredentialsProviderError', 'Could not load credentials from any providers') },
    [/^failed credentials: no AWS credentials were found; set AWS_PROFILE/, /^skipped stack: not checked/],
  ],
  [
    'expired credentials',
    { GetCallerIdentity: error('ExpiredToken', 'The security token included in the request is expired') },
    [/^failed credentials: the AWS credentials have expired; sign in again/],
  ],
  [
    'no such stack',
    { DescribeStacks: error('ValidationError', 'Stack with id Fleet does not exist') },
    [/^failed stack: there is no stack "Fleet" in us-east-1: deploy it/, /^skipped quota/, /^ok bootstrap/],
  ],
  [
    'a stack of another version',
    { DescribeStacks: stackOf(info({ version: '0.0.1' })) },
    [/^warning stack: stack \S+ was deployed by k6-fleet 0\.0\.1, this is .*: redeploy it with npx cdk deploy/],
  ],
  ['no vCPUs left', { GetServiceQuota: { Quota: { Value: 0 } } }, [/^failed quota: .*vCPU/]],
  [
    'a quota that cannot be read',
    { GetServiceQuota: error('AccessDeniedException', 'not authorized') },
    [/^warning quota: .*cannot be read.*these credentials are not allowed to do that/],
  ],
  [
    'a subnet that is gone',
    { DescribeSubnets: { Subnets: [] } },
    [/^failed network: subnet subnet-a of the stack does/],
  ],
  [
    'an account that is not bootstrapped',
    { GetParameter: error('ParameterNotFound', 'UnknownError') },
    [/^warning bootstrap: CDK is not bootstrapped here: run npx cdk bootstrap; needed only to deploy$/],
  ],
  [
    'no right to read parameters',
    { GetParameter: error('AccessDeniedException', 'not authorized') },
    [/^warning bootstrap: cannot be read: these credentials are not allowed to do that .*; needed only to deploy$/],
  ],
])('%s', async (_, responses, expected) => {
  const lines = await check(responses);
  expect(lines.length).toBe(7);
  for (const pattern of expected) expect(lines).toContainEqual(expect.stringMatching(pattern));
});

it('no Docker is a warning: runs do not need it', async () => {
  const lines = await check({}, () => Promise.reject(new Error('there is no docker: install it')));
  expect(lines.at(-1)).toBe('warning docker: there is no docker: install it; needed only to deploy');
});
