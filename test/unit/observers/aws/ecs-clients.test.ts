import { STSClient } from '@aws-sdk/client-sts';
import { describe, expect, it } from 'vitest';
import { FleetInfo } from '../../../../core/contract/stack.ts';
import { assumedRole } from '../../../../observers/aws/ecs-clients.ts';
import { createStackObserver } from '../../../../observers/aws/ecs-observer.ts';
import { at } from '../../core/scaling/timeline.ts';
import { assumedSession, service } from './ecs-answers.ts';
import { AwsError, type FakeAws, fakeAws } from './fake-aws.ts';

const ROLE = 'arn:aws:iam::123456789012:role/observer';

const info = (target: object | null): FleetInfo =>
  FleetInfo.parse({
    stack: 'k6-fleet',
    region: 'us-east-1',
    bucket: 'bucket',
    cluster: 'fleet',
    taskDefinition: 'arn:aws:ecs:us-east-1:123456789012:task-definition/fleet:1',
    container: 'k6',
    securityGroups: ['sg-1'],
    capacity: 'FARGATE',
    topic: 'arn:aws:sns:us-east-1:123456789012:verdicts',
    target: target && { services: [{ cluster: 'shop', service: 'web' }], ...target },
    legSeconds: 600,
  });

const quiet = {
  DescribeServices: () => ({ services: [service('web')] }),
  DescribeScalingActivities: () => ({}),
  DescribeScalableTargets: () => ({}),
  GetMetricData: () => ({}),
};

const signers = ({ calls }: FakeAws) =>
  Object.fromEntries(calls.map(({ operation, accessKey }) => [operation, accessKey]));

describe('createStackObserver', () => {
  it('returns null if the stack names no target', () => {
    expect(createStackObserver(info(null))).toBeNull();
  });

  it('reads with the caller’s own credentials', async () => {
    await using aws = await fakeAws(quiet);

    const observation = await createStackObserver(info({}), aws.config)?.observe(0);

    expect(observation?.reading).toMatchObject({ desired: 4, running: 5, pending: 1 });
    expect(observation).toMatchObject({ events: [], samples: [], alarms: [] });
    expect(signers(aws)).toMatchObject({ DescribeServices: 'OWN', GetMetricData: 'OWN' });
  });

  it('reads with a role, which all clients share', async () => {
    const AssumeRole = () => assumedSession(Date.now() / 1000 - at(0) / 1000 + 3600);
    await using aws = await fakeAws({ ...quiet, AssumeRole });
    const observer = createStackObserver(info({ observerRoleArn: ROLE, region: 'eu-west-1' }), aws.config);

    await observer?.observe(0);
    await observer?.observe(0);

    expect(signers(aws)).toEqual({
      AssumeRole: 'OWN',
      DescribeServices: 'ASSUMED',
      DescribeScalingActivities: 'ASSUMED',
      DescribeScalableTargets: 'ASSUMED',
      GetMetricData: 'ASSUMED',
    });
    const assumed = aws.calls.filter(({ operation }) => operation === 'AssumeRole');
    expect(assumed.map(({ input }) => input)).toMatchObject([
      { RoleArn: ROLE, RoleSessionName: 'k6-fleet', DurationSeconds: '3600' },
    ]);
  });

  it('says which role it could not assume', async () => {
    const AssumeRole = () => {
      throw new AwsError('AccessDenied', 'User: … is not authorized to perform: sts:AssumeRole');
    };
    await using aws = await fakeAws({ ...quiet, AssumeRole });
    const observer = createStackObserver(info({ observerRoleArn: ROLE }), aws.config);

    await expect(observer?.observe(0)).rejects.toThrow(
      `cannot assume role ${ROLE}: User: … is not authorized to perform: sts:AssumeRole`,
    );
  });
});

describe('assumedRole', () => {
  it('renews five minutes before the end, and tries again after a failure', async () => {
    await using aws = await fakeAws({});
    let now = at(0);
    const credentials = assumedRole(new STSClient({ ...aws.config, maxAttempts: 1 }), ROLE, () => now);
    const calls = () => aws.calls.length;

    await expect(credentials()).rejects.toThrow('cannot assume role');
    aws.answers.AssumeRole = () => assumedSession(3600);
    await Promise.all([credentials(), credentials()]);
    expect(calls()).toBe(2);
    now = at(3299);
    await credentials();
    expect(calls()).toBe(2);
    now = at(3300);
    aws.answers.AssumeRole = () => assumedSession(6900);
    expect((await credentials()).expiration).toEqual(new Date(at(6900)));
    expect(calls()).toBe(3);
  });

  it('fails if the response has no credentials', async () => {
    await using aws = await fakeAws({
      AssumeRole: () => '<AssumeRoleResponse><AssumeRoleResult></AssumeRoleResult></AssumeRoleResponse>',
    });

    await expect(assumedRole(new STSClient(aws.config), ROLE)()).rejects.toThrow('the response has no credentials');
  });
});
