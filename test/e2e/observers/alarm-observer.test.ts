import {
  CloudWatchClient,
  GetMetricStatisticsCommand,
  ListMetricsCommand,
  PutCompositeAlarmCommand,
  PutMetricAlarmCommand,
  SetAlarmStateCommand,
} from '@aws-sdk/client-cloudwatch';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  alarmName,
  alarmNames,
  CONDITION_METRIC,
  METRIC_NAMESPACE,
  MetricName,
  STACK_DIMENSION,
} from '../../../core/contract/cloudwatch.ts';
import type { IntervalMetrics } from '../../../core/contract/interval-metrics.ts';
import { AlarmObserver, stopAlarmProblems } from '../../../observers/aws/alarm-observer.ts';
import { CloudWatchSink, metricData } from '../../../observers/aws/cloudwatch-sink.ts';
import { type Emulator, startEmulator } from '../../support/emulator/emulator.ts';

const STACK = 'Fleet';
const Dimensions = [{ Name: STACK_DIMENSION, Value: STACK }];

const interval = (changes: Partial<IntervalMetrics> = {}): IntervalMetrics => ({
  at: Date.now(),
  last: false,
  vus: 12,
  requests: 30,
  failures: 3,
  latency: { values: [10, 20, 400], counts: [10, 15, 5] },
  target: { desired: 4, running: 2, pending: 2 },
  scalingLagSeconds: null,
  tasksLost: 0,
  conditions: {
    notScaledOut: false,
    atMaximum: false,
    errorsWhileScaling: false,
    notRecovered: false,
    generatorSaturated: false,
  },
  ...changes,
});

describe('metricData', () => {
  it('leaves out what is not known', () => {
    const empty = { values: [], counts: [] };
    const names = metricData(interval({ target: null, latency: empty }), STACK).map(({ MetricName: name }) => name);
    expect(names).toEqual([
      MetricName.vus,
      MetricName.requests,
      MetricName.failures,
      MetricName.tasksLost,
      ...Object.values(CONDITION_METRIC),
    ]);
  });

  it('has a fixed set of metrics with their units', () => {
    const data = metricData(interval({ scalingLagSeconds: 80, at: 5000 }), STACK);
    expect(data.map(({ MetricName: name }) => name).sort()).toEqual(
      [...Object.values(MetricName), ...Object.values(CONDITION_METRIC)].sort(),
    );
    expect(data.every((datum) => datum.Timestamp?.getTime() === 5000)).toBe(true);
    const unit = (name: string) => data.find(({ MetricName: each }) => each === name)?.Unit;
    expect(
      [MetricName.latency, MetricName.scalingLag, MetricName.requests, CONDITION_METRIC.atMaximum].map(unit),
    ).toEqual(['Milliseconds', 'Seconds', 'Count', 'None']);
  });
});

describe('on the emulator', () => {
  let emulator: Emulator;
  let client: CloudWatchClient;

  beforeAll(async () => {
    emulator = await startEmulator();
    client = new CloudWatchClient(emulator.client);
  });

  afterAll(async () => {
    client?.destroy();
    await emulator?.stop();
  });

  const putAlarm = (AlarmName: string, MetricName = 'Some', Namespace = 'Theirs') =>
    client.send(
      new PutMetricAlarmCommand({
        AlarmName,
        Namespace,
        MetricName,
        Dimensions: Namespace === 'Theirs' ? [] : Dimensions,
        Statistic: 'Maximum',
        Period: 60,
        EvaluationPeriods: 1,
        Threshold: 1,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        TreatMissingData: 'notBreaching',
      }),
    );
  const setState = (AlarmName: string, StateValue: 'OK' | 'ALARM', StateReason: string) =>
    client.send(new SetAlarmStateCommand({ AlarmName, StateValue, StateReason }));
  /** The emulator's histories have whole seconds. */
  const now = () => Math.floor(Date.now() / 1000) * 1000;

  it('shows vital signs that raise the stack’s own alarms', async () => {
    const since = now();
    await putAlarm(alarmName(STACK, 'notScaledOut'), CONDITION_METRIC.notScaledOut, METRIC_NAMESPACE);
    const sink = new CloudWatchSink(client, STACK);
    await sink.publish(interval());
    await sink.publish(interval({ conditions: { ...interval().conditions, notScaledOut: true } }));

    const { Metrics = [] } = await client.send(new ListMetricsCommand({ Namespace: METRIC_NAMESPACE }));
    expect(Metrics.map(({ MetricName: name }) => name)).toContain(MetricName.pending);
    const { Datapoints = [] } = await client.send(
      new GetMetricStatisticsCommand({
        Namespace: METRIC_NAMESPACE,
        MetricName: MetricName.latency,
        Dimensions,
        StartTime: new Date(since - 120_000),
        EndTime: new Date(since + 120_000),
        Period: 3600,
        Statistics: ['SampleCount', 'Maximum'],
      }),
    );
    expect(Datapoints.reduce((sum, { SampleCount = 0 }) => sum + SampleCount, 0)).toBe(60);
    expect(Datapoints[0]?.Maximum).toBe(400);

    const watch = new AlarmObserver({ client, names: alarmNames(STACK), effectOf: () => 'fail' });
    const { alarms, events } = await watch.observe(since);
    expect(alarms.at(-1)).toMatchObject({ name: alarmName(STACK, 'notScaledOut'), state: 'ALARM', effect: 'fail' });
    expect(alarms.every(({ at }) => at >= since)).toBe(true);
    expect(events).toHaveLength(alarmNames(STACK).length - 1); // the others do not exist here
  });

  it('reports an alarm that fired and recovered between two readings, each transition once', async () => {
    await putAlarm('latency-too-high');
    const since = now();
    const watch = new AlarmObserver({ client, names: ['latency-too-high'], effectOf: () => 'stop' });
    await setState('latency-too-high', 'ALARM', 'p99 over 2 s');
    await setState('latency-too-high', 'OK', 'better');
    const { alarms, reading } = await watch.observe(since);
    expect(reading).toBeNull();
    expect(alarms.filter(({ reason }) => reason === 'p99 over 2 s' || reason === 'better')).toMatchObject([
      { name: 'latency-too-high', state: 'ALARM', effect: 'stop' },
      { name: 'latency-too-high', state: 'OK', effect: 'stop' },
    ]);
    expect((await watch.observe(since)).alarms).toEqual([]);
    expect((await watch.observe(since + 600_000)).alarms).toEqual([]);
    // A new leg of the run reports the same, with the same times.
    expect(
      (await new AlarmObserver({ client, names: ['latency-too-high'], effectOf: () => 'stop' }).observe(since)).alarms,
    ).toEqual(alarms);
  });

  it('watches composite alarms too', async () => {
    await putAlarm('child');
    await client.send(new PutCompositeAlarmCommand({ AlarmName: 'both', AlarmRule: 'ALARM("child")' }));
    const since = now();
    await setState('child', 'ALARM', 'up');
    const { alarms } = await new AlarmObserver({ client, names: ['both'], effectOf: () => 'stop' }).observe(since);
    expect(alarms.at(-1)).toMatchObject({ name: 'both', state: 'ALARM' });
  });

  it('says once that an alarm is missing', async () => {
    const watch = new AlarmObserver({ client, names: ['typo'], effectOf: () => 'stop' }, () => 7);
    const message = 'alarm "typo" does not exist, so nothing watches its metric';
    expect((await watch.observe(0)).events).toEqual([{ at: 7, message }]);
    expect((await watch.observe(0)).events).toEqual([]);
  });

  it('refuses stop alarms that could not stop a run', async () => {
    await putAlarm('ready');
    await setState('ready', 'OK', 'fine');
    await putAlarm('up');
    await setState('up', 'ALARM', 'since long');
    const problems = await stopAlarmProblems(client, ['ready', 'up', 'typo'], 'us-east-1');
    expect(problems).toEqual([
      'the stop alarm "up" of target.stopAlarms is already in ALARM, so it cannot fire: wait until it is OK, or remove it and deploy again',
      'the stop alarm "typo" of target.stopAlarms does not exist in us-east-1: correct its name and deploy again',
    ]);
    expect(await stopAlarmProblems(client, [], 'us-east-1')).toEqual([]);
  });
});
