import type { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { runKeys, taskKeys } from '../../../core/contract/keys.ts';
import { resolved, resourcesOf, synth } from './synth.ts';

interface Statement {
  Effect: 'Allow' | 'Deny';
  Action: string | string[];
  Resource: string | string[];
  Condition?: Record<string, Record<string, string>>;
}

const list = <T>(value: T | T[]): T[] => (Array.isArray(value) ? value : [value]);

/** Statements by the role or managed policy that has them. */
function statements(template: Template): Map<string, Statement[]> {
  const found = new Map<string, Statement[]>();
  const add = (holder: string, document: unknown) => {
    const { Statement: given } = resolved(document) as { Statement: Statement[] };
    found.set(holder, [...(found.get(holder) ?? []), ...given]);
  };
  for (const [id, { Type, Properties }] of Object.entries(resourcesOf(template))) {
    if (Type === 'AWS::IAM::Policy') {
      for (const role of list(resolved(Properties.Roles) as string[])) add(role, Properties.PolicyDocument);
    }
    if (Type === 'AWS::IAM::ManagedPolicy') add(`<${id}>`, Properties.PolicyDocument);
    if (Type === 'AWS::IAM::Role') {
      expect(Properties.ManagedPolicyArns ?? []).toEqual([]);
      for (const { PolicyDocument } of (Properties.Policies ?? []) as { PolicyDocument: unknown }[]) {
        add(`<${id}>`, PolicyDocument);
      }
    }
  }
  return found;
}

const TARGET = {
  services: [{ cluster: 'prod', service: 'api' }],
  loadBalancer: 'app/prod/0123456789abcdef',
  targetGroup: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/api/0123456789abcdef',
  stopAlarms: ['burning'],
};

const all = (template: Template) => [...statements(template).values()].flat();
const of = (template: Template, part: string): Statement[] => {
  const [name, found] = [...statements(template)].find(([holder]) => holder.startsWith(`<${part}`)) ?? [];
  if (name === undefined || found === undefined) throw new Error(`no role or policy is named ${part}`);
  return found;
};

/** Whether the statements allow an action on a resource, if their conditions are met. */
const allows = (given: Statement[], action: string, resource: string): boolean =>
  given.some(
    ({ Effect, Action, Resource }) =>
      Effect === 'Allow' &&
      list(Action).includes(action) &&
      list(Resource).some((pattern) => glob(pattern).test(resource)),
  );

const glob = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .split('*')
      .map((part) => part.replace(/[.$^+?()[\]{}|\\]/g, '\\$&'))
      .join('.*')}$`,
  );

/** Actions without resource-level permissions for what they do here; lib/ states the reason beside each. */
const ANYWHERE = [
  'application-autoscaling:DescribeScalableTargets',
  'application-autoscaling:DescribeScalingActivities',
  'cloudwatch:DescribeAlarmHistory',
  'cloudwatch:DescribeAlarms',
  'cloudwatch:GetMetricData',
  'cloudwatch:PutMetricData',
  'ec2:DescribeRouteTables',
  'ec2:DescribeSubnets',
  'ecr:GetAuthorizationToken',
  'ecs:DescribeTaskDefinition',
  'ecs:ListTasks',
  'elasticloadbalancing:DescribeTargetHealth',
  'logs:CreateLogDelivery',
  'logs:DeleteLogDelivery',
  'logs:DescribeLogGroups',
  'logs:DescribeResourcePolicies',
  'logs:GetLogDelivery',
  'logs:ListLogDeliveries',
  'logs:PutResourcePolicy',
  'logs:UpdateLogDelivery',
  'servicequotas:GetServiceQuota',
];

describe('permissions', () => {
  const { fleet } = synth({ target: TARGET, demoTarget: true });
  const { fleet: bare } = synth();
  const idOf = (type: string) => Object.keys(bare.findResources(type))[0];
  const bucket = `<${idOf('AWS::S3::Bucket')}.Arn>`;
  const at = (key: string) => `${bucket}/${key}`;

  it('name every action, and cover all resources only if AWS supports no narrower scope', () => {
    for (const template of [fleet, bare, synth({ target: TARGET, demoTarget: true }).demo as Template]) {
      const given = all(template);
      expect(given.flatMap(({ Action }) => list(Action)).filter((action) => action.includes('*'))).toEqual([]);
      const open = given.filter(({ Resource }) => list(Resource).includes('*')).flatMap(({ Action }) => list(Action));
      expect(open.filter((action) => !ANYWHERE.includes(action))).toEqual([]);
    }
  });

  it('have a condition if nothing else can confine them', () => {
    const conditionOf = (action: string) =>
      all(fleet)
        .filter(({ Action }) => list(Action).includes(action))
        .map(({ Condition }) => Condition);
    const inCluster = { ArnEquals: { 'ecs:cluster': `<${idOf('AWS::ECS::Cluster')}.Arn>` } };
    expect(conditionOf('ecs:ListTasks')).toEqual([inCluster, inCluster]);
    expect(conditionOf('ecs:StopTask')).toEqual([inCluster, inCluster]);
    expect(conditionOf('ecs:RunTask')).toEqual([inCluster]);
    const inNamespace = { StringEquals: { 'cloudwatch:namespace': 'k6-fleet' } };
    expect(conditionOf('cloudwatch:PutMetricData')).toEqual([inNamespace, inNamespace]);
    expect(conditionOf('iam:PassRole')).toEqual([
      { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
    ]);
  });

  it('let only the coordinator pass roles, those of its tasks', () => {
    const passing = all(fleet).filter(({ Action }) => list(Action).includes('iam:PassRole'));
    expect(passing.flatMap(({ Resource }) => Resource)).toEqual([
      expect.stringMatching(/^<TaskExecutionRole\w+\.Arn>$/),
      expect.stringMatching(/^<TaskTaskRole\w+\.Arn>$/),
    ]);
  });

  describe('of a task', () => {
    const task = of(bare, 'TaskTaskRole');
    const files = taskKeys('r', 3, 1);
    const run = runKeys('r');

    it.each([files.status, files.log, files.window(7), run.setupData, run.summaryOutput])('write %s', (key) => {
      expect(allows(task, 's3:PutObject', at(key))).toBe(true);
    });

    it.each([
      run.plan,
      run.control,
      run.stop,
      run.checkpoint,
      run.progress,
      run.result,
      run.environment,
      'active.json',
    ])('do not write %s', (key) => {
      expect(allows(task, 's3:PutObject', at(key))).toBe(false);
    });

    it('read runs, and secrets under the prefix only', () => {
      for (const key of [run.plan, run.control, run.archive, run.environment, run.setupData, run.summaryInput]) {
        expect(allows(task, 's3:GetObject', at(key))).toBe(true);
      }
      const ssm = 'arn:aws:ssm:eu-west-1:123456789012:parameter';
      expect(allows(task, 'ssm:GetParameter', `${ssm}/k6-fleet/K6Fleet/token`)).toBe(true);
      expect(allows(task, 'ssm:GetParameter', `${ssm}/k6-fleet/Other/token`)).toBe(false);
      const secret = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:';
      for (const name of ['/k6-fleet/K6Fleet/token-a1b2c3', 'k6-fleet/K6Fleet/token-a1b2c3']) {
        expect(allows(task, 'secretsmanager:GetSecretValue', `${secret}${name}`)).toBe(true);
      }
      expect(allows(task, 'secretsmanager:GetSecretValue', `${secret}prod/db`)).toBe(false);
    });

    it('are these and no more', () => {
      expect(task.flatMap(({ Action }) => list(Action)).sort()).toEqual([
        's3:GetObject',
        's3:ListBucket',
        's3:PutObject',
        'secretsmanager:GetSecretValue',
        'ssm:GetParameter',
      ]);
    });
  });

  describe('of operators', () => {
    const operators = of(fleet, 'OperatorsPolicy');
    const run = runKeys('r');

    it.each([run.plan, run.archive, run.summaryArchive, run.stop, run.environment, 'active.json'])(
      'write %s',
      (key) => {
        expect(allows(operators, 's3:PutObject', at(key))).toBe(true);
      },
    );

    it.each([run.control, run.checkpoint, run.result, taskKeys('r', 0, 1).status])('do not write %s', (key) => {
      expect(allows(operators, 's3:PutObject', at(key))).toBe(false);
    });

    it('change nothing but executions and those files', () => {
      const reading = /:(Get|List|Describe)/;
      const changing = operators.flatMap(({ Action }) => list(Action)).filter((action) => !reading.test(action));
      expect(changing.sort()).toEqual(['s3:PutObject', 'states:StartExecution', 'states:StopExecution']);
    });
  });

  describe('to read a target', () => {
    const reading = (template: Template) => of(template, 'CoordinatorLambdaRole').flatMap(({ Action }) => list(Action));

    it('are the coordinator’s only if there is a target', () => {
      expect(reading(fleet)).toEqual(
        expect.arrayContaining(['ecs:DescribeServices', 'elasticloadbalancing:DescribeTargetHealth']),
      );
      expect(reading(bare)).not.toContain('ecs:DescribeServices');
      expect(reading(bare)).not.toContain('cloudwatch:GetMetricData');
    });

    it('are of its services', () => {
      const coordinator = of(fleet, 'CoordinatorLambdaRole');
      const arn = 'arn:aws:ecs:eu-west-1:123456789012:service/prod';
      expect(allows(coordinator, 'ecs:DescribeServices', `${arn}/api`)).toBe(true);
      expect(allows(coordinator, 'ecs:DescribeServices', `${arn}/web`)).toBe(false);
    });

    it('belong to the role in the other account if the target is there', () => {
      const observerRoleArn = 'arn:aws:iam::210987654321:role/observer';
      const template = synth({ target: { ...TARGET, region: 'us-east-2', observerRoleArn } }).fleet;
      expect(allows(of(template, 'CoordinatorLambdaRole'), 'sts:AssumeRole', observerRoleArn)).toBe(true);
      expect(reading(template)).not.toContain('ecs:DescribeServices');
    });
  });
});
