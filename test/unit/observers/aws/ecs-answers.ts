/** Responses in AWS's format, of a web service that scales out during a deployment. */
import { at } from '../../core/scaling/timeline.ts';

/** AWS's JSON protocols have times in seconds. */
const time = (second: number): number => at(second) / 1000;

export const TARGET_GROUP = 'arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/web/73e2d6bc24d8a067';
export const LOAD_BALANCER = 'app/web/50dc6c495c0c9188';

export const service = (name: string, change: object = {}) => ({
  serviceArn: `arn:aws:ecs:eu-central-1:123456789012:service/shop/${name}`,
  serviceName: name,
  clusterArn: 'arn:aws:ecs:eu-central-1:123456789012:cluster/shop',
  status: 'ACTIVE',
  desiredCount: 4,
  runningCount: 5,
  pendingCount: 1,
  launchType: 'FARGATE',
  taskDefinition: `arn:aws:ecs:eu-central-1:123456789012:task-definition/${name}:42`,
  deployments: [],
  events: [],
  ...change,
});

export const deployment = (id: string, change: object = {}) => ({
  id: `ecs-svc/${id}`,
  status: 'PRIMARY',
  taskDefinition: 'arn:aws:ecs:eu-central-1:123456789012:task-definition/web:42',
  desiredCount: 4,
  pendingCount: 1,
  runningCount: 3,
  failedTasks: 0,
  createdAt: time(120),
  updatedAt: time(150),
  launchType: 'FARGATE',
  rolloutState: 'IN_PROGRESS',
  rolloutStateReason: `ECS deployment ecs-svc/${id} in progress.`,
  ...change,
});

export const serviceEvent = (second: number, message: string) => ({
  id: `event-${second}`,
  createdAt: time(second),
  message,
});

export const activity = (second: number, change: object = {}) => ({
  ActivityId: `activity-${second}`,
  ServiceNamespace: 'ecs',
  ResourceId: 'service/shop/web',
  ScalableDimension: 'ecs:service:DesiredCount',
  Description: 'Setting desired count to 4.',
  Cause: 'monitor alarm TargetTracking-service/shop/web-AlarmHigh-1b437334 in state ALARM triggered policy cpu-70',
  StartTime: time(second),
  StatusCode: 'InProgress',
  StatusMessage: 'Successfully set desired count to 4. Waiting for change to be fulfilled by ecs.',
  ...change,
});

export const finished = (second: number) => ({
  EndTime: time(second),
  StatusCode: 'Successful',
  StatusMessage: 'Successfully set desired count to 4. Change successfully fulfilled by ecs.',
});

/** Values by metric name; points are by the minute, as [second, value]; the latest first, as CloudWatch returns them. */
export const metricData = (points: Record<string, [number, number][]>) => (input: MetricDataInput) => ({
  MetricDataResults: input.MetricDataQueries.map(({ Id, MetricStat }) => {
    const { MetricName, Dimensions } = MetricStat.Metric;
    const service = Dimensions.find(({ Name }) => Name === 'ServiceName')?.Value;
    const own = points[`${MetricName}/${service}`] ?? points[MetricName] ?? [];
    const reported = own
      .filter(([second]) => at(second) / 1000 >= input.StartTime && at(second) / 1000 < input.EndTime)
      .reverse();
    return {
      Id,
      Label: MetricName,
      Timestamps: reported.map(([second]) => time(second)),
      Values: reported.map(([, value]) => value),
      StatusCode: 'Complete',
    };
  }),
  Messages: [],
});

export interface MetricDataInput {
  StartTime: number;
  EndTime: number;
  NextToken?: string;
  MetricDataQueries: {
    Id: string;
    MetricStat: {
      Metric: { Namespace: string; MetricName: string; Dimensions: { Name: string; Value: string }[] };
      Period: number;
      Stat: string;
    };
  }[];
}

export const scalableTargets = (maximums: Record<string, number>) => ({
  ScalableTargets: Object.entries(maximums).map(([ResourceId, MaxCapacity]) => ({
    ServiceNamespace: 'ecs',
    ResourceId,
    ScalableDimension: 'ecs:service:DesiredCount',
    MinCapacity: 2,
    MaxCapacity,
    RoleARN:
      'arn:aws:iam::123456789012:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService',
    CreationTime: time(-86_400),
  })),
});

export const targetHealth = (...states: string[]): string =>
  `<DescribeTargetHealthResponse xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"><DescribeTargetHealthResult><TargetHealthDescriptions>${states
    .map(
      (state, i) =>
        `<member><HealthCheckPort>8080</HealthCheckPort><Target><Id>10.0.0.${i}</Id><Port>8080</Port></Target><TargetHealth><State>${state}</State></TargetHealth></member>`,
    )
    .join('')}</TargetHealthDescriptions></DescribeTargetHealthResult></DescribeTargetHealthResponse>`;

export const assumedSession = (second: number): string =>
  `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><AssumedRoleUser><AssumedRoleId>AROA:k6-fleet</AssumedRoleId><Arn>arn:aws:sts::123456789012:assumed-role/observer/k6-fleet</Arn></AssumedRoleUser><Credentials><AccessKeyId>ASSUMED</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken><Expiration>${new Date(at(second)).toISOString()}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`;
