/** A target on ECS, observed by the deployed stack: its scaling, metrics and alarms. */
import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  GetMetricDataCommand,
  PutMetricAlarmCommand,
  PutMetricDataCommand,
} from '@aws-sdk/client-cloudwatch';
import { DescribeServicesCommand, ECSClient, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { ConfirmSubscriptionCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { describe, expect, test } from 'vitest';
import { alarmName, METRIC_NAMESPACE, MetricName, STACK_DIMENSION } from '../../../core/contract/cloudwatch.ts';
import type { Result } from '../../../core/contract/result.ts';
import type { TargetConfig } from '../../../core/contract/stack.ts';
import { createService } from '../../support/emulator/ecs-service.ts';
import { type Ended, eventually, Sandbox } from '../../support/fleet.ts';
import { startServer } from '../../support/http-server.ts';
import { Deployed, STACK } from './deployed.ts';

const SERVICE = { cluster: 'shop', service: 'web' };
const STOP_ALARM = 'shop-on-fire';
const NOT_SCALED_OUT = alarmName(STACK, 'notScaledOut');
const target: Partial<TargetConfig> = {
  services: [SERVICE],
  metrics: {
    openOrders: { namespace: 'Shop', metric: 'OpenOrders', dimensions: { Shop: 'one' }, statistic: 'Maximum' },
  },
  stopAlarms: [STOP_ALARM],
};

const sandbox = await Sandbox.create();
const deployed = await Deployed.create(
  // With short legs, so that several coordinators in turn observe the target.
  { 'k6-fleet:target': JSON.stringify(target), 'k6-fleet:legSeconds': '10' },
  { 'web:1': { entrypoint: ['sleep', '600'] } },
);
const ecs = new ECSClient(deployed.emulator.client);
const cloudWatch = new CloudWatchClient(deployed.emulator.client);
const site = await startServer();
await startService();
const notifications = await subscribe();
/** The results of all runs that sent load. */
const results: Result[] = [];

test('a stop alarm that does not exist: the run never starts, and one line explains why', async () => {
  const { code, stdout, stderr, result } = await run('unarmed', { duration: '5s' });

  const message = `the stop alarm "${STOP_ALARM}" of target.stopAlarms does not exist in us-east-1: correct its name and deploy again`;
  expect(code, stderr).toBe(104);
  expect(result?.verdict).toEqual({ passed: false, exitCode: 104, reasons: [message] });
  expect(result?.stop?.kind).toBe('not-started');
  expect(result?.run.startedAt).toBeNull();
  expect(stdout).toContain('the test never started');
  await putStopAlarm();
});

describe('a service that scales out', () => {
  test.concurrent('under load: the verdict names the moments, and thresholds apply to the series', async () => {
    const expectations = {
      scaleOutWithin: '60s',
      minPeakTasks: 4,
      maxErrorRate: 0,
      thresholds: { running: ['min>=2', 'max==4'], openOrders: ['max<=42', 'value==42'] },
    };
    const ended = run('spike', { duration: '8s', target: expectations });
    await loaded('spike');
    // The second is for the minute in which the load ends, which may be the next one.
    for (const at of [Date.now(), Date.now() + 10_000]) await putMetric('OpenOrders', 42, { Shop: 'one' }, at);
    await ecs.send(new UpdateServiceCommand({ ...SERVICE, desiredCount: 4 }));
    const { code, stdout, stderr, result } = await ended;

    expect(code, stdout + stderr).toBe(0);
    expect(result?.verdict).toEqual({ passed: true, exitCode: 0, reasons: [] });
    const message = expect.stringMatching(
      /^running tasks rose from 2 to [34], .* after the load increased \(limit 1m; .*\)$/,
    );
    expect(result?.target?.expectations).toEqual([
      { name: 'scaleOutWithin', ok: true, message },
      { name: 'minPeakTasks', ok: true, message: expect.stringContaining('running tasks peaked at 4 ') },
      { name: 'maxErrorRate', ok: true, message: '0% of requests failed (limit 0%)' },
      { name: 'thresholds', ok: true, message: 'openOrders: max was 42, expected max<=42' },
      { name: 'thresholds', ok: true, message: 'openOrders: value was 42, expected value==42' },
      { name: 'thresholds', ok: true, message: 'running: min was 2, expected min>=2' },
      { name: 'thresholds', ok: true, message: 'running: max was 4, expected max==4' },
    ]);
    expect(result?.target?.peakTasks).toBe(4);
    expect(result?.target?.timeline[0]).toMatchObject({ desired: 2, running: 2, pending: 0 });
    expect(result?.target?.timeline.at(-1)).toMatchObject({ desired: 4, running: 4, pending: 0 });
    expect(result?.target?.series.openOrders).toContainEqual({ at: expect.any(Number), value: 42 });
    expect(result?.target?.events.map(({ message }) => message).join('\n')).toContain(SERVICE.service);
    expect(result?.run.legs).toBeGreaterThan(1);
    expect(stdout).toMatch(/✓ scaleOutWithin: running tasks rose from 2 to [34],/);
    expect(stdout).toMatch(/\n {2}openOrders +42 +42 +42 +42 /);
    // The data point of a minute is there only once the minute is over.
  }, 180_000);

  test.concurrent('a threshold on the target with abortOnFail ends the run', async () => {
    const thresholds = { running: [{ threshold: 'max<1', abortOnFail: true }] };
    const { code, stdout, result } = await run('aborts', {
      duration: '5m',
      target: { scaleOutWithin: false, thresholds },
    });

    expect(code, stdout).toBe(120);
    expect(result?.stop).toMatchObject({ kind: 'threshold', exitCode: 120 });
    expect(result?.stop?.message).toMatch(
      /^thresholds on the target were crossed.*: running: max was \d, expected max<1$/,
    );
    expect(result?.verdict.reasons[0]).toBe(result?.stop?.message);
    expect(result?.tasks.map(({ state }) => state)).toEqual(['stopped']);
  });

  test.concurrent("a script without expectations: the target's scaling is shown, and does not affect the verdict", async () => {
    const { code, stdout, result } = await run('smoke', { duration: '5s' });

    expect(code, stdout).toBe(0);
    expect(result?.target).toMatchObject({ expectations: [], peakTasks: expect.any(Number) });
    expect(result?.target?.timeline.length).toBeGreaterThan(0);
    expect(stdout).toContain('no expectations');
  });
});

describe('a service that does not scale out', () => {
  test.concurrent('is observed after the load until scaleOutWithin has passed', async () => {
    const { code, stdout, result } = await run('short', { duration: '6s', target: { scaleOutWithin: '20s' } });

    expect(code, stdout).toBe(120);
    expect(result?.verdict.reasons[0]).toMatch(
      /^the desired count never rose above \d in the .* after the load increased \(limit 20s;/,
    );
    const { loadRose } = result?.target?.moments ?? {};
    expect(result?.target?.timeline.at(-1)?.at).toBeGreaterThan((loadRose ?? 0) + 20_000);
    expect(stdout).toMatch(/✗ scaleOutWithin: the desired count never rose/);
  });

  test.concurrent("raises the stack's own alarm, which the result lists", async () => {
    const { code, stdout, result } = await run('long', { duration: '32s', target: { scaleOutWithin: '3s' } });

    expect(code, stdout).toBe(120);
    const fired = result?.alarms.filter(({ state, effect }) => state === 'ALARM' && effect === 'fail');
    expect(fired).toEqual([
      { name: NOT_SCALED_OUT, at: expect.any(Number), state: 'ALARM', reason: expect.any(String), effect: 'fail' },
    ]);
    expect(result?.verdict.reasons).toEqual([
      expect.stringContaining('desired count never rose above'),
      expect.stringContaining(`alarm ${NOT_SCALED_OUT} fired at`),
    ]);
    expect(stdout).toContain(NOT_SCALED_OUT);
    const { MetricAlarms } = await cloudWatch.send(new DescribeAlarmsCommand({ AlarmNames: [NOT_SCALED_OUT] }));
    expect(MetricAlarms?.[0]?.StateValue).toBe('ALARM');
  });
});

test('a stop alarm that fires ends the run, and the verdict names it', async () => {
  const ended = run('on-fire', { duration: '5m', target: { scaleOutWithin: false } });
  await loaded('on-fire');
  await putMetric('Fires', 1);
  const { code, stdout, result } = await ended;

  expect(code, stdout).toBe(120);
  const message = expect.stringContaining(`alarm ${STOP_ALARM} fired at`);
  expect(result?.stop).toEqual({ kind: 'alarm', message, exitCode: 120 });
  expect(result?.verdict.reasons).toEqual([message]);
  expect(result?.alarms).toContainEqual(expect.objectContaining({ name: STOP_ALARM, state: 'ALARM', effect: 'stop' }));
  expect(stdout).toContain(STOP_ALARM);
});

test('CloudWatch has each request once, the counts of the target, and zeros at the end', async () => {
  // The last values are published after the result, when the tasks have exited.
  for (const { run } of results) {
    await eventually(`the end of ${run.id}`, async () => (await deployed.executionStatus(run.id)) === 'SUCCEEDED');
  }
  const total = (of: (result: Result) => number | null | undefined) =>
    results.reduce((sum, result) => sum + (of(result) ?? 0), 0);
  expect(sum(await published(MetricName.requests, 'Sum'))).toBe(
    total(({ metrics }) => metrics.http_reqs?.values.count),
  );
  expect(sum(await published(MetricName.latency, 'SampleCount'))).toBe(
    total(({ metrics }) => metrics.http_req_duration?.values.count),
  );
  expect(Math.max(...(await published(MetricName.desired, 'Maximum')))).toBe(4);
  expect(Math.max(...(await published(MetricName.running, 'Maximum')))).toBe(4);
  expect(Math.max(...(await published(MetricName.scalingLag, 'Maximum')))).toBeGreaterThan(0);
  expect(Math.max(...(await published(MetricName.tasksLost, 'Maximum')))).toBe(0);
  expect(Math.max(...(await published(MetricName.vus, 'Maximum')))).toBeGreaterThanOrEqual(2);
  for (const name of [MetricName.vus, MetricName.requests, MetricName.running, MetricName.scalingLag]) {
    expect((await published(name, 'Minimum')).at(-1), name).toBe(0);
  }
});

test('the topic has published every verdict', async () => {
  for (const { run, verdict } of results) {
    const subject = `k6-fleet ${verdict.passed ? 'PASSED' : 'FAILED'} ${run.name} (${run.id})`;
    const notification = await eventually(`the notification of ${run.id}`, async () =>
      notifications.find(({ Subject }) => Subject === subject),
    );
    expect(notification.Message).toContain(`s3://${deployed.info.bucket}/runs/${run.id}`);
    for (const reason of verdict.reasons) expect(notification.Message).toContain(reason);
  }
});

interface Load {
  duration: string;
  /** `options.ext.fleet.target`. */
  target?: object;
}

/** Runs one task with two VUs to its end. Several may run at once. */
async function run(name: string, { duration, target }: Load): Promise<Ended & { result: Result | null }> {
  const options = { vus: 2, duration, ext: { fleet: { name, ...(target && { target }) } } };
  const script = await sandbox.script(
    `${name}.js`,
    `
import http from 'k6/http';
import { sleep } from 'k6';
export const options = ${JSON.stringify(options)};
export default function () {
  http.get('${site.url}/${name}');
  sleep(0.2);
}
`,
  );
  const ended = await sandbox.run(script, ['--tasks', '1', '--alongside'], deployed.env);
  if (ended.result === null) throw new Error(`no result: ${ended.stderr}\n${deployed.emulator.log()}`);
  results.push(ended.result);
  return ended;
}

/** Waits until the run has sent load for two seconds, because the emulator dates alarms in whole seconds. */
const loaded = (name: string) =>
  eventually(`load of ${name}`, async () => (site.requests.get(`GET /${name}`) ?? 0) >= 20);

/** The values of one of the stack's metrics, one per second, in order of time. */
async function published(MetricName: string, Stat: string): Promise<number[]> {
  const Dimensions = [{ Name: STACK_DIMENSION, Value: STACK }];
  const Metric = { Namespace: METRIC_NAMESPACE, MetricName, Dimensions };
  const { MetricDataResults } = await cloudWatch.send(
    new GetMetricDataCommand({
      StartTime: new Date(Date.now() - 3_600_000),
      EndTime: new Date(Date.now() + 60_000),
      MetricDataQueries: [{ Id: 'm', MetricStat: { Metric, Period: 1, Stat } }],
    }),
  );
  return MetricDataResults?.[0]?.Values ?? [];
}

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);

async function putMetric(
  MetricName: string,
  Value: number,
  dimensions: Record<string, string> = {},
  at = Date.now(),
): Promise<void> {
  const Dimensions = Object.entries(dimensions).map(([Name, of]) => ({ Name, Value: of }));
  const MetricData = [{ MetricName, Value, Dimensions, Timestamp: new Date(at) }];
  await cloudWatch.send(new PutMetricDataCommand({ Namespace: 'Shop', MetricData }));
}

async function putStopAlarm(): Promise<void> {
  await cloudWatch.send(
    new PutMetricAlarmCommand({
      AlarmName: STOP_ALARM,
      Namespace: 'Shop',
      MetricName: 'Fires',
      Statistic: 'Maximum',
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    }),
  );
}

async function startService(): Promise<void> {
  const { cluster, service } = SERVICE;
  await createService(ecs, { ...SERVICE, image: 'web:1', desiredCount: 2 });
  await eventually('two tasks of the service', async () => {
    const { services } = await ecs.send(new DescribeServicesCommand({ cluster, services: [service] }));
    return services?.[0]?.runningCount === 2;
  });
}

/** The notifications of the stack's topic, appended as they arrive. */
async function subscribe(): Promise<{ Subject: string; Message: string }[]> {
  const sns = new SNSClient(deployed.emulator.client);
  const { topic: TopicArn } = deployed.info;
  const received: { Subject: string; Message: string }[] = [];
  let confirmed = false;
  const { url } = await startServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', async () => {
      response.end();
      const { Type, Token, ...message } = JSON.parse(body);
      if (Type === 'Notification') received.push(message);
      if (Type === 'SubscriptionConfirmation') {
        await sns.send(new ConfirmSubscriptionCommand({ TopicArn, Token }));
        confirmed = true;
      }
    });
    return true;
  });
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'http', Endpoint: url }));
  await eventually('the subscription', async () => confirmed);
  return received;
}
