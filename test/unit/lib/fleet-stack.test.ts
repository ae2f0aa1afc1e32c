import { Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { ALARM_SUFFIX, alarmNames, CONDITION_METRIC } from '../../../core/contract/cloudwatch.ts';
import { FLEET_INFO_ENV } from '../../../core/contract/env.ts';
import { FleetInfo } from '../../../core/contract/stack.ts';
import { makeStacks } from '../../../lib/fleet-stack.ts';
import { cdkJson, infoOf, newApp, only, outputOf, resolved, resourcesOf, synth } from './synth.ts';

const { fleet } = synth();
const EXISTING = {
  vpcId: 'vpc-0123456789abcdef0',
  subnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
};

describe('the default stack', () => {
  it('has at most 60 resources', () => {
    expect(Object.keys(resourcesOf(fleet)).length).toBeLessThanOrEqual(60);
  });

  it('costs nothing while idle but alarms, the dashboard and storage', () => {
    const types = new Set(Object.values(resourcesOf(fleet)).map(({ Type }) => Type));
    for (const type of ['AWS::EC2::NatGateway', 'AWS::EC2::EIP', 'AWS::ECS::Service', 'AWS::KMS::Key']) {
      expect(types).not.toContain(type);
    }
    expect([...types].filter((type) => type.includes('LoadBalancing') || type.startsWith('Custom::'))).toEqual([]);
    fleet.hasResourceProperties('AWS::EC2::VPCEndpoint', { VpcEndpointType: 'Gateway' });
  });

  it('is environment-agnostic: no look-ups, no region', () => {
    const app = newApp({ image: 'registry.example/task:1' });
    makeStacks(app);
    expect(app.synth().manifest.missing ?? []).toEqual([]);
    expect(JSON.stringify(fleet.toJSON())).not.toMatch(/us-east-1|dummy/);
  });

  it('leaves nothing behind but the results', () => {
    const kept = Object.values(resourcesOf(fleet)).filter(
      ({ DeletionPolicy }) => DeletionPolicy === 'RetainExceptOnCreate',
    );
    expect(kept.map(({ Type }) => Type)).toEqual(['AWS::S3::Bucket']);
    fleet.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 14 });
  });

  it('builds its image from the Dockerfile as an asset, without Docker at synth', () => {
    const app = newApp();
    const { fleet: stack } = makeStacks(app);
    const definition = only(Template.fromStack(stack), 'AWS::ECS::TaskDefinition') as {
      ContainerDefinitions: { Image: unknown }[];
    };
    expect(JSON.stringify(definition.ContainerDefinitions[0]?.Image)).toContain('container-assets');
  });
});

describe('the network', () => {
  it('is public subnets in two zones, and S3 by a gateway', () => {
    fleet.resourceCountIs('AWS::EC2::Subnet', 2);
    const zones = Object.values(fleet.findResources('AWS::EC2::Subnet')).map(
      ({ Properties }) => Properties.AvailabilityZone as unknown,
    );
    expect(zones).toEqual([0, 1].map((index) => ({ 'Fn::Select': [index, { 'Fn::GetAZs': '' }] })));
    fleet.resourceCountIs('AWS::EC2::InternetGateway', 1);
  });

  it('allows no inbound and all outbound traffic', () => {
    const group = only(fleet, 'AWS::EC2::SecurityGroup');
    expect(group.SecurityGroupIngress).toBeUndefined();
    expect(group.SecurityGroupEgress).toEqual([expect.objectContaining({ CidrIp: '0.0.0.0/0', IpProtocol: '-1' })]);
    fleet.resourceCountIs('AWS::EC2::SecurityGroupIngress', 0);
  });

  it('can be an existing one, with a new security group', () => {
    const template = synth({ vpc: EXISTING }).fleet;
    template.resourceCountIs('AWS::EC2::VPC', 0);
    template.resourceCountIs('AWS::EC2::Subnet', 0);
    template.hasResourceProperties('AWS::EC2::SecurityGroup', { VpcId: EXISTING.vpcId });
    expect(infoOf(template).subnets).toEqual(EXISTING.subnetIds);
    expect(outputOf(template, 'SecurityGroup')).toBe(infoOf(template).securityGroups[0]);
  });

  it('can have existing security groups too', () => {
    const securityGroupIds = ['sg-0123456789abcdef0', 'sg-0123456789abcdef1'];
    const template = synth({ vpc: { ...EXISTING, securityGroupIds } }).fleet;
    template.resourceCountIs('AWS::EC2::SecurityGroup', 0);
    expect(infoOf(template).securityGroups).toEqual(securityGroupIds);
  });
});

describe('the bucket', () => {
  const bucket = only(fleet, 'AWS::S3::Bucket');

  it('is encrypted and private, and requires TLS', () => {
    expect(bucket.BucketEncryption).toEqual({
      ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
    });
    expect(Object.values(bucket.PublicAccessBlockConfiguration as object)).toEqual([true, true, true, true]);
    fleet.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ]),
      },
    });
  });

  it('expires windows after a day, results after the configured time', () => {
    const rules = (properties: Record<string, unknown>) =>
      (properties.LifecycleConfiguration as { Rules: object[] }).Rules;
    expect(rules(bucket)).toEqual([
      { Id: 'scratch', Prefix: 'scratch/', ExpirationInDays: 1, Status: 'Enabled' },
      { Id: 'results', Prefix: 'runs/', ExpirationInDays: 90, Status: 'Enabled' },
      { Id: 'unfinished', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 }, Status: 'Enabled' },
    ]);
    const longer = only(
      synth({ resultDays: 365, spot: true, cpu: 4096, memory: 8192, architecture: 'x86_64' }).fleet,
      'AWS::S3::Bucket',
    );
    expect(rules(longer)[1]).toMatchObject({ ExpirationInDays: 365 });
  });
});

describe('the Lambdas', () => {
  const functions = Object.values(fleet.findResources('AWS::Lambda::Function')).map(({ Properties }) => Properties);

  it('know their stack, on arm64, without reserved concurrency', () => {
    expect(functions).toHaveLength(2);
    for (const properties of functions) {
      const { [FLEET_INFO_ENV]: info } = properties.Environment.Variables as Record<string, unknown>;
      expect(FleetInfo.parse(JSON.parse(resolved(info) as string))).toMatchObject({
        stack: 'K6Fleet',
        legSeconds: 780,
      });
      expect(properties).toMatchObject({ Architectures: ['arm64'], Handler: 'index.handler' });
      expect(properties.ReservedConcurrentExecutions).toBeUndefined();
    }
  });

  it('leave a leg a minute to end', () => {
    const coordinator = functions.find(({ MemorySize }) => MemorySize === 1769);
    expect(coordinator?.Timeout).toBe(900);
    expect(infoOf(fleet).legSeconds).toBeLessThanOrEqual(900 - 60);
  });
});

describe('the rule for executions that did not succeed', () => {
  const rule = only(fleet, 'AWS::Events::Rule');

  it('invokes the stopper if an execution of this state machine fails, times out or is aborted', () => {
    expect(resolved(rule.EventPattern)).toEqual({
      source: ['aws.states'],
      'detail-type': ['Step Functions Execution Status Change'],
      detail: { stateMachineArn: [infoOf(fleet).stateMachine], status: ['FAILED', 'TIMED_OUT', 'ABORTED'] },
    });
    const [target] = rule.Targets as Record<string, unknown>[];
    expect(JSON.stringify(target?.Arn)).toMatch(/Stopper/);
    expect(target?.Input ?? target?.InputPath ?? target?.InputTransformer).toBeUndefined();
  });
});

describe('the alarms', () => {
  const alarms = Object.values(fleet.findResources('AWS::CloudWatch::Alarm')).map(({ Properties }) => Properties);

  it('are exactly those of the contract', () => {
    expect(alarms.map(({ AlarmName }) => AlarmName).sort()).toEqual(alarmNames('K6Fleet').sort());
    const metrics = [...Object.values(CONDITION_METRIC), 'TasksLost'];
    expect(alarms.map(({ MetricName }) => MetricName).sort()).toEqual(metrics.sort());
  });

  it.each(alarms.map((alarm) => [alarm.AlarmName as string, alarm]))(
    '%s fires on one minute at 1, and on nothing else',
    (_, alarm) => {
      expect(alarm).toMatchObject({
        Namespace: 'k6-fleet',
        Dimensions: [{ Name: 'Stack', Value: 'K6Fleet' }],
        Statistic: 'Maximum',
        Period: 60,
        Threshold: 1,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        EvaluationPeriods: 1,
        DatapointsToAlarm: 1,
        TreatMissingData: 'notBreaching',
      });
      expect(alarm.Metrics).toBeUndefined();
      expect(resolved(alarm.AlarmActions)).toEqual([infoOf(fleet).topic]);
    },
  );

  it('name their entry in the runbook', () => {
    for (const { AlarmName, AlarmDescription } of alarms) {
      const suffix = Object.values(ALARM_SUFFIX).find((end) => String(AlarmName).endsWith(end));
      expect(AlarmDescription).toContain(`docs/runbook.md#${suffix}`);
    }
  });
});

describe('the topic', () => {
  it('requires TLS, and accepts the account’s alarms', () => {
    const { PolicyDocument } = only(fleet, 'AWS::SNS::TopicPolicy') as { PolicyDocument: { Statement: object[] } };
    expect(PolicyDocument.Statement).toEqual([
      expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      expect.objectContaining({
        Effect: 'Allow',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      }),
    ]);
  });

  it('mails to the configured address', () => {
    fleet.resourceCountIs('AWS::SNS::Subscription', 0);
    synth({ verdictEmail: 'team@example.com', dashboard: false }).fleet.hasResourceProperties(
      'AWS::SNS::Subscription',
      {
        Protocol: 'email',
        Endpoint: 'team@example.com',
      },
    );
  });
});

describe('the outputs', () => {
  it('are what the CLI reads', () => {
    expect(infoOf(fleet)).toMatchObject({
      stack: 'K6Fleet',
      region: 'eu-west-1',
      capacity: 'FARGATE',
      container: 'task',
      target: null,
      architecture: 'arm64',
      cpu: 1024,
      memoryMiB: 2048,
      dashboard: 'K6Fleet-eu-west-1',
      secretsPrefix: '/k6-fleet/K6Fleet/',
    });
    expect(outputOf(fleet, 'Bucket')).toBe(infoOf(fleet).bucket);
    expect(outputOf(fleet, 'Dashboard')).toBe(
      'https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#dashboards/dashboard/K6Fleet-eu-west-1',
    );
    expect(outputOf(fleet, 'OperatorsPolicy')).toMatch(/OperatorsPolicy/);
  });

  it('hold the target as it was configured', () => {
    const target = {
      services: [{ cluster: 'prod', service: 'api' }],
      database: 'prod',
      metrics: { queue: { namespace: 'App', metric: 'Depth' } },
    };
    expect(infoOf(synth({ target }).fleet).target).toEqual({
      ...target,
      metrics: { queue: { ...target.metrics.queue, dimensions: {}, statistic: 'Average' } },
      stopAlarms: [],
    });
  });

  it('omit the dashboard if there is none', () => {
    const template = synth({ verdictEmail: 'team@example.com', dashboard: false }).fleet;
    template.resourceCountIs('AWS::CloudWatch::Dashboard', 0);
    expect(infoOf(template).dashboard).toBeNull();
  });
});

describe('two stacks', () => {
  it('share an account without sharing a name', () => {
    const names = (stackName: string) => {
      const template = synth(stackName === 'K6Fleet' ? {} : { stackName }).fleet;
      return Object.values(resourcesOf(template)).flatMap(({ Properties = {} }) =>
        [
          'AlarmName',
          'DashboardName',
          'Family',
          'LogGroupName',
          'RoleName',
          'FunctionName',
          'BucketName',
          'ClusterName',
        ]
          .map((key) => Properties[key])
          .filter((name): name is string => typeof name === 'string'),
      );
    };
    const mine = names('K6Fleet');
    expect(names('Nightly').filter((name) => mine.includes(name))).toEqual([]);
  });
});

describe('cdk.json', () => {
  it('sets every flag that this version of CDK recommends, except how stacks refer to each other', async () => {
    const { default: recommended } = await import('aws-cdk-lib/recommended-feature-flags.json', {
      with: { type: 'json' },
    });
    const { 'k6-fleet': options, ...flags } = cdkJson.context;
    expect(options).toEqual({});
    expect(flags).toEqual({ ...recommended, '@aws-cdk/core:defaultCrossStackReferences': 'strong' });
  });
});
