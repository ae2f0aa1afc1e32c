import { describe, expect, it } from 'vitest';
import { TargetConfig } from '../../../../core/contract/stack.ts';
import { ecsSeries } from '../../../../core/contract/target-series.ts';
import { ecsClients } from '../../../../observers/aws/ecs-clients.ts';
import { EcsObserver } from '../../../../observers/aws/ecs-observer.ts';
import { at } from '../../core/scaling/timeline.ts';
import * as aws from './ecs-answers.ts';
import { type Answer, AwsError, type FakeAws, fakeAws } from './fake-aws.ts';

const SINCE = at(60);
const NOW = at(605);

const WEB = { cluster: 'shop', service: 'web' };

const answers = (change: Record<string, Answer> = {}): Record<string, Answer> => ({
  DescribeServices: ({ services }: { services: string[] }) => ({
    services: services.map((name) => aws.service(name)),
    failures: [],
  }),
  DescribeScalingActivities: () => ({ ScalingActivities: [] }),
  DescribeScalableTargets: () => ({ ScalableTargets: [] }),
  DescribeTargetHealth: () => aws.targetHealth(),
  GetMetricData: aws.metricData({}),
  ...change,
});

/** An observer of that target, by a clock that the test sets. */
async function observing(config: object, change: Record<string, Answer> = {}) {
  const fake = await fakeAws(answers(change));
  const clock = { now: NOW };
  const target = TargetConfig.parse({ services: [WEB], ...config });
  const observer = new EcsObserver(target, ecsClients(fake.config), () => clock.now);
  return {
    fake,
    clock,
    observe: () => observer.observe(SINCE),
    [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose](),
  };
}

const inputs = <T = Record<string, unknown>>({ calls }: FakeAws, operation: string): T[] =>
  calls.filter((call) => call.operation === operation).map(({ input }) => input as T);

const refuse = (type: string, message: string) => () => {
  throw new AwsError(type, message);
};

describe('counts', () => {
  it('are those of the service', async () => {
    await using test = await observing({});

    expect((await test.observe()).reading).toEqual({ at: NOW, desired: 4, running: 5, pending: 1 });
  });

  it('are added up over services, read ten at a time per cluster', async () => {
    const services = [
      ...Array.from({ length: 12 }, (_, i) => ({ cluster: 'shop', service: `s${i}` })),
      { cluster: 'other', service: 'web' },
    ];
    await using test = await observing({ services });

    expect((await test.observe()).reading).toMatchObject({ desired: 52, running: 65, pending: 13 });
    const asked = inputs<{ cluster: string; services: string[] }>(test.fake, 'DescribeServices');
    expect(asked.map(({ cluster, services: names }) => [cluster, names.length]).sort()).toEqual([
      ['other', 1],
      ['shop', 10],
      ['shop', 2],
    ]);
  });

  it.each<[string, Answer]>([
    ['is missing', () => ({ services: [], failures: [{ arn: 'arn:aws:ecs:…:service/shop/web', reason: 'MISSING' }] })],
    ['was deleted', () => ({ services: [aws.service('web', { status: 'INACTIVE' })], failures: [] })],
  ])('a service that %s is an error', async (_, DescribeServices) => {
    await using test = await observing({}, { DescribeServices });

    await expect(test.observe()).rejects.toThrow('cluster shop has no service web');
  });

  it('fail if they cannot be read', async () => {
    await using test = await observing(
      {},
      {
        DescribeServices: refuse('AccessDeniedException', 'User: … is not authorized to perform: ecs:DescribeServices'),
      },
    );

    await expect(test.observe()).rejects.toThrow('not authorized to perform: ecs:DescribeServices');
  });
});

describe('events', () => {
  const DescribeServices: Answer = () => ({
    services: [
      aws.service('web', {
        deployments: [
          aws.deployment('new'),
          aws.deployment('bad', {
            createdAt: at(90) / 1000,
            updatedAt: at(110) / 1000,
            rolloutState: 'FAILED',
            rolloutStateReason: 'tasks failed to start.',
            status: 'ACTIVE',
          }),
          aws.deployment('old', {
            createdAt: at(-900) / 1000,
            updatedAt: at(200) / 1000,
            rolloutState: 'COMPLETED',
            status: 'ACTIVE',
          }),
          aws.deployment('going', { createdAt: at(20) / 1000, status: 'ACTIVE' }),
        ],
        events: [
          aws.serviceEvent(200, '(service web) has started 2 tasks: (task 1) (task 2).'),
          aws.serviceEvent(112, '(service web) rolling back to deployment ecs-svc/old.'),
          aws.serviceEvent(210, '(service web) has reached a steady state.'),
          aws.serviceEvent(205, 'Failed to set desired count to 9.'),
          aws.serviceEvent(
            150,
            'Message: Successfully set desired count to 5. Waiting for change to be fulfilled by ecs. Cause: monitor alarm high in state ALARM triggered policy cpu-70',
          ),
          aws.serviceEvent(30, '(service web) has reached a steady state.'),
        ],
      }),
    ],
    failures: [],
  });

  it('are ECS’s own since the run began, and starts and failures of deployments', async () => {
    await using test = await observing({}, { DescribeServices });

    const { events } = await test.observe();

    expect(events.sort((a, b) => a.at - b.at)).toEqual([
      { at: SINCE, message: '(service web) deployment ecs-svc/going of web:42 was in progress when the run began' },
      { at: at(90), message: '(service web) deployment ecs-svc/bad of web:42 started' },
      { at: at(110), message: '(service web) deployment ecs-svc/bad of web:42 failed: tasks failed to start.' },
      { at: at(112), message: '(service web) rolling back to deployment ecs-svc/old.' },
      { at: at(120), message: '(service web) deployment ecs-svc/new of web:42 started' },
      { at: at(150), message: expect.stringContaining('Successfully set'), desired: 5 },
      { at: at(200), message: '(service web) has started 2 tasks: (task 1) (task 2).' },
      { at: at(205), message: 'Failed to set desired count to 9.' },
      { at: at(210), message: '(service web) has reached a steady state.', steady: true },
    ]);
    expect((await test.observe()).events.sort((a, b) => a.at - b.at)).toEqual(events);
  });

  it('are what autoscaling did, why, and how it ended', async () => {
    const activities = [
      aws.activity(500, {
        Description: 'Setting desired count to 11.',
        StatusCode: 'Failed',
        StatusMessage: 'Failed to set desired count to 11.',
        EndTime: at(501) / 1000,
        Cause: undefined,
      }),
      aws.activity(400, {
        Description: 'Attempting to scale due to alarm triggered',
        NotScaledReasons: [{ Code: 'AlreadyAtMaxCapacity', MaxCapacity: 10, CurrentCapacity: 10 }],
        StatusCode: 'Unfulfilled',
        Cause: undefined,
      }),
      aws.activity(290, aws.finished(345)),
      aws.activity(0, aws.finished(10)),
    ];
    await using test = await observing(
      {},
      { DescribeScalingActivities: () => ({ ScalingActivities: activities, NextToken: 'older' }) },
    );

    const cause =
      'Cause: monitor alarm TargetTracking-service/shop/web-AlarmHigh-1b437334 in state ALARM triggered policy cpu-70.';
    expect((await test.observe()).events.sort((a, b) => a.at - b.at)).toEqual([
      { at: at(290), message: `(autoscaling of web) Setting desired count to 4. ${cause}`, desired: 4 },
      {
        at: at(345),
        message:
          '(autoscaling of web) Successful: Successfully set desired count to 4. Change successfully fulfilled by ecs.',
      },
      {
        at: at(400),
        message:
          '(autoscaling of web) Attempting to scale due to alarm triggered Not scaled: AlreadyAtMaxCapacity, maximum 10, current 10.',
      },
      { at: at(500), message: '(autoscaling of web) Setting desired count to 11.' },
      { at: at(501), message: '(autoscaling of web) Failed: Failed to set desired count to 11.' },
    ]);
    // Activities older than the run are not requested.
    expect(inputs(test.fake, 'DescribeScalingActivities')).toEqual([
      {
        ServiceNamespace: 'ecs',
        ScalableDimension: 'ecs:service:DesiredCount',
        ResourceId: 'service/shop/web',
        IncludeNotScaledActivities: true,
      },
    ]);
  });

  it('are read page by page as long as they belong to this run', async () => {
    const DescribeScalingActivities = ({ NextToken }: { NextToken?: string }) =>
      NextToken === undefined
        ? { ScalingActivities: [aws.activity(400)], NextToken: 'more' }
        : { ScalingActivities: [aws.activity(300)] };
    await using test = await observing({}, { DescribeScalingActivities });

    expect((await test.observe()).events.map((event) => event.at)).toEqual([at(400), at(300)]);
  });
});

describe('maximum', () => {
  const sampled = (samples: { series: string }[], name: string) => samples.filter(({ series }) => series === name);

  it('is summed; a service without autoscaling counts with its desired count', async () => {
    await using test = await observing(
      { services: [WEB, { cluster: 'shop', service: 'worker' }] },
      { DescribeScalableTargets: () => aws.scalableTargets({ 'service/shop/web': 10 }) },
    );

    const { samples, maximum } = await test.observe();

    expect(maximum).toBe(14);
    expect(sampled(samples, 'maximum')).toEqual([{ series: 'maximum', at: NOW, value: 14 }]);
    expect(inputs(test.fake, 'DescribeScalableTargets')).toEqual([
      {
        ServiceNamespace: 'ecs',
        ScalableDimension: 'ecs:service:DesiredCount',
        ResourceIds: ['service/shop/web', 'service/shop/worker'],
      },
    ]);
  });

  it('is unknown without autoscaling', async () => {
    await using test = await observing({});

    const { samples, maximum } = await test.observe();

    expect(maximum).toBeUndefined();
    expect(sampled(samples, 'maximum')).toEqual([]);
  });

  it('is read and reported once a minute', async () => {
    await using test = await observing(
      {},
      { DescribeScalableTargets: () => aws.scalableTargets({ 'service/shop/web': 10 }) },
    );

    const reported: number[] = [];
    for (const later of [0, 10, 50, 60, 70]) {
      test.clock.now = NOW + later * 1000;
      const { samples, maximum } = await test.observe();
      expect(maximum).toBe(10);
      reported.push(sampled(samples, 'maximum').length);
    }

    expect(reported).toEqual([1, 0, 0, 1, 0]);
    expect(inputs(test.fake, 'DescribeScalableTargets')).toHaveLength(2);
  });
});

describe('healthy hosts', () => {
  it('are reported when they change, and once a minute', async () => {
    await using test = await observing({ targetGroup: aws.TARGET_GROUP });
    const reported: unknown[] = [];
    for (const [later, ...states] of [
      [0, 'healthy', 'initial'],
      [10, 'healthy', 'unused'],
      [20, 'healthy', 'healthy'],
      [80, 'healthy', 'healthy'],
    ] as const) {
      test.clock.now = NOW + later * 1000;
      test.fake.answers.DescribeTargetHealth = () => aws.targetHealth(...states);
      reported.push((await test.observe()).samples.map(({ series, value }) => [series, value]));
    }

    expect(reported).toEqual([[['healthyHosts', 1]], [], [['healthyHosts', 2]], [['healthyHosts', 2]]]);
    expect(inputs(test.fake, 'DescribeTargetHealth')[0]).toMatchObject({ TargetGroupArn: aws.TARGET_GROUP });
  });
});

describe('metrics', () => {
  const whole = {
    services: [WEB, { cluster: 'shop', service: 'worker' }],
    loadBalancer: aws.LOAD_BALANCER,
    database: 'shop-db',
    metrics: {
      queueDepth: { namespace: 'Shop', metric: 'Depth', dimensions: { Queue: 'orders' }, statistic: 'Maximum' },
    },
  };
  const points: Parameters<typeof aws.metricData>[0] = {
    'CPUUtilization/web': [
      [480, 61.5],
      [540, 93.25],
    ],
    'CPUUtilization/worker': [[480, 70]],
    MemoryUtilization: [[480, 30]],
    TargetResponseTime: [
      [420, 0.2],
      [480, 0.25],
      [540, 1.5],
    ],
    HTTPCode_Target_5XX_Count: [[480, 3]],
    HTTPCode_ELB_5XX_Count: [
      [480, 4],
      [300, 7],
    ],
    DatabaseConnections: [[480, 120]],
    Depth: [[480, 9]],
  };

  it('are read in one call, a point a minute, of at most the last 15 minutes since the run began', async () => {
    await using test = await observing(whole);

    await test.observe();
    test.clock.now = at(3600);
    await test.observe();

    const [first, second] = inputs<aws.MetricDataInput>(test.fake, 'GetMetricData');
    expect([first?.StartTime, first?.EndTime]).toEqual([at(60) / 1000, at(600) / 1000]);
    expect([second?.StartTime, second?.EndTime]).toEqual([at(2700) / 1000, at(3600) / 1000]);
    const dimensions = (list: { Name: string; Value: string }[]) =>
      list.map(({ Name, Value }) => `${Name}=${Value}`).join();
    expect(
      first?.MetricDataQueries.map(({ MetricStat: { Metric, Period, Stat } }) =>
        [Metric.Namespace, Metric.MetricName, dimensions(Metric.Dimensions), Period, Stat].join(' '),
      ),
    ).toEqual([
      'AWS/ECS CPUUtilization ClusterName=shop,ServiceName=web 60 Average',
      'AWS/ECS MemoryUtilization ClusterName=shop,ServiceName=web 60 Average',
      'AWS/ECS CPUUtilization ClusterName=shop,ServiceName=worker 60 Average',
      'AWS/ECS MemoryUtilization ClusterName=shop,ServiceName=worker 60 Average',
      `AWS/ApplicationELB TargetResponseTime LoadBalancer=${aws.LOAD_BALANCER} 60 p95`,
      `AWS/ApplicationELB HTTPCode_Target_5XX_Count LoadBalancer=${aws.LOAD_BALANCER} 60 Sum`,
      `AWS/ApplicationELB HTTPCode_ELB_5XX_Count LoadBalancer=${aws.LOAD_BALANCER} 60 Sum`,
      'AWS/RDS DatabaseConnections DBInstanceIdentifier=shop-db 60 Maximum',
      'Shop Depth Queue=orders 60 Maximum',
    ]);
  });

  it('become series: the highest of any service, ms, errors of the targets and of the load balancer', async () => {
    await using test = await observing(whole, { GetMetricData: aws.metricData(points) });

    const { samples } = await test.observe();

    expect(samples).toEqual([
      { series: 'cpu', at: at(480), value: 70 },
      { series: 'cpu', at: at(540), value: 93.25 },
      { series: 'memory', at: at(480), value: 30 },
      { series: 'responseTime', at: at(420), value: 200 },
      { series: 'responseTime', at: at(480), value: 250 },
      { series: 'responseTime', at: at(540), value: 1500 },
      // 0 if the load balancer published response times for that minute, but no errors.
      { series: 'errors5xx', at: at(300), value: 7 },
      { series: 'errors5xx', at: at(420), value: 0 },
      { series: 'errors5xx', at: at(480), value: 7 },
      { series: 'errors5xx', at: at(540), value: 0 },
      { series: 'dbConnections', at: at(480), value: 120 },
      { series: 'queueDepth', at: at(480), value: 9 },
    ]);
    const target = TargetConfig.parse(whole);
    for (const { series } of samples) expect(ecsSeries(target)).toContain(series);
  });

  it('that the user configures replace built-in ones', async () => {
    const metrics = {
      cpu: { namespace: 'Shop', metric: 'CPUUtilization', dimensions: {} },
      errors5xx: { namespace: 'Shop', metric: 'Errors', dimensions: {} },
    };
    await using test = await observing(
      { loadBalancer: aws.LOAD_BALANCER, metrics },
      { GetMetricData: aws.metricData({ ...points, CPUUtilization: [[480, 1]], Errors: [[480, 2]] }) },
    );

    const { samples } = await test.observe();

    expect(samples.filter(({ series }) => series in metrics)).toEqual([
      { series: 'cpu', at: at(480), value: 1 },
      { series: 'errors5xx', at: at(480), value: 2 },
    ]);
  });

  it('of a Network Load Balancer are not read', async () => {
    const target = { loadBalancer: 'net/web/50dc6c495c0c9188' };
    await using test = await observing(target, { GetMetricData: aws.metricData(points) });

    const { samples } = await test.observe();

    expect([...new Set(samples.map(({ series }) => series))]).toEqual(['cpu', 'memory']);
    expect(ecsSeries(TargetConfig.parse({ services: [WEB], ...target }))).not.toContain('responseTime');
  });

  it('may come in pages', async () => {
    const GetMetricData = (input: aws.MetricDataInput) =>
      input.NextToken === undefined
        ? { ...aws.metricData({ CPUUtilization: [[480, 5]] })(input), NextToken: 'more' }
        : aws.metricData({ CPUUtilization: [[540, 6]] })(input);
    await using test = await observing({}, { GetMetricData });

    expect((await test.observe()).samples.map(({ value }) => value)).toEqual([5, 6]);
  });

  it('are first read after a whole minute of the run, and then once a minute', async () => {
    await using test = await observing({});
    for (const later of [65, 75, 119, 125, 180, 186]) {
      test.clock.now = at(later);
      await test.observe();
    }

    expect(inputs<aws.MetricDataInput>(test.fake, 'GetMetricData').map(({ EndTime }) => EndTime)).toEqual([
      at(120) / 1000,
      at(180) / 1000,
    ]);
    expect(inputs(test.fake, 'DescribeServices')).toHaveLength(6);
  });
});

describe('a source that fails', () => {
  it('is reported once, and hides no other', async () => {
    await using test = await observing(
      { targetGroup: aws.TARGET_GROUP },
      {
        DescribeScalingActivities: refuse('AccessDeniedException', 'no activities for you'),
        DescribeScalableTargets: refuse('ValidationException', 'no\n maximum'),
        DescribeTargetHealth: refuse('TargetGroupNotFound', 'no such group'),
        GetMetricData: refuse('AccessDenied', 'no metrics'),
      },
    );

    const first = await test.observe();
    test.clock.now += 60_000;
    const second = await test.observe();

    expect(first.reading).toMatchObject({ desired: 4 });
    expect(first.events.map(({ message }) => message).sort()).toEqual([
      "the target's healthy hosts could not be read: TargetGroupNotFoundException: no such group",
      "the target's maximum could not be read: ValidationException: no maximum",
      "the target's metrics could not be read: AccessDenied: no metrics",
      "the target's scaling activities could not be read: AccessDeniedException: no activities for you",
    ]);
    expect(first.events.every((event) => event.at === NOW)).toBe(true);
    expect(second).toMatchObject({ events: [], samples: [] });
  });

  it('leaves the maximum as it was last read', async () => {
    await using test = await observing(
      {},
      { DescribeScalableTargets: () => aws.scalableTargets({ 'service/shop/web': 10 }) },
    );
    await test.observe();
    test.fake.answers.DescribeScalableTargets = refuse('ThrottlingException', 'Rate exceeded');
    test.clock.now += 60_000;

    expect((await test.observe()).maximum).toBe(10);
  });
});
