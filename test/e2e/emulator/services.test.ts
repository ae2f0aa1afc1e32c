import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  ApplicationAutoScalingClient,
  DescribeScalingActivitiesCommand,
} from '@aws-sdk/client-application-auto-scaling';
import { CloudWatchClient, GetMetricDataCommand, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeRouteTablesCommand, DescribeSubnetsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { DescribeServicesCommand, ECSClient, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { GetServiceQuotaCommand, ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createService } from '../../support/emulator/ecs-service.ts';
import { type Emulator, startEmulator } from '../../support/emulator/emulator.ts';

describe('the services that we call, without IAM', () => {
  let emulator: Emulator;
  let s3: S3Client;
  const Bucket = 'conditions';

  beforeAll(async () => {
    emulator = await startEmulator({ images: { sleeper: { entrypoint: ['sleep', '3600'] } } });
    s3 = new S3Client(emulator.client);
    await s3.send(new CreateBucketCommand({ Bucket }));
  });
  afterAll(() => emulator?.stop());

  it('writes an object only if none exists, or only over the given version', async () => {
    const put = (Body: string, condition: { IfMatch?: string; IfNoneMatch?: string }) =>
      s3.send(new PutObjectCommand({ Bucket, Key: 'contested', Body, ...condition }));
    const { ETag } = await put('1', { IfNoneMatch: '*' });
    await expect(put('2', { IfNoneMatch: '*' })).rejects.toMatchObject({ name: 'PreconditionFailed' });
    await put('3', { IfMatch: ETag });
    await expect(put('4', { IfMatch: ETag })).rejects.toMatchObject({ name: 'PreconditionFailed' });
    const racers = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) =>
        s3.send(new PutObjectCommand({ Bucket, Key: 'raced', Body: `${i}`, IfNoneMatch: '*' })),
      ),
    );
    expect(racers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('keeps the metadata of an object, lists by delimiter, and sends the date', async () => {
    const Metadata = { 'clock-offset': '12' };
    await s3.send(new PutObjectCommand({ Bucket, Key: 'runs/a/plan.json', Body: '{}', Metadata }));
    expect((await s3.send(new HeadObjectCommand({ Bucket, Key: 'runs/a/plan.json' }))).Metadata).toEqual(Metadata);
    expect((await s3.send(new GetObjectCommand({ Bucket, Key: 'runs/a/plan.json' }))).Metadata).toEqual(Metadata);
    const list = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'runs/', Delimiter: '/' }));
    expect(list.CommonPrefixes).toEqual([{ Prefix: 'runs/a/' }]);
    const { headers } = await fetch(`${emulator.endpoint}/${Bucket}/runs/a/plan.json`);
    expect(Math.abs(Date.parse(headers.get('date') ?? '') - Date.now())).toBeLessThan(60_000);
  });

  it('scales a service to its desired count', async () => {
    const ecs = new ECSClient(emulator.client);
    const counts = (desired: number) =>
      vi.waitFor(
        async () => {
          const { services } = await ecs.send(new DescribeServicesCommand({ cluster: 'target', services: ['api'] }));
          expect(services?.[0]).toMatchObject({ desiredCount: desired, runningCount: desired, pendingCount: 0 });
          expect(services?.[0]?.deployments?.[0]).toMatchObject({ status: 'PRIMARY', runningCount: desired });
          expect(services?.[0]?.events).toBeInstanceOf(Array);
        },
        { timeout: 30_000, interval: 100 },
      );
    await createService(ecs, { cluster: 'target', service: 'api', image: 'sleeper:1', desiredCount: 1 });
    await counts(1);
    for (const desiredCount of [3, 1]) {
      await ecs.send(new UpdateServiceCommand({ cluster: 'target', service: 'api', desiredCount }));
      await counts(desiredCount);
    }
  });

  it('knows subnets and their routes', async () => {
    const ec2 = new EC2Client(emulator.client);
    const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}));
    expect(Subnets[0]).toMatchObject({
      SubnetId: expect.stringMatching(/^subnet-/),
      AvailableIpAddressCount: expect.any(Number),
      AvailabilityZone: expect.stringContaining(emulator.region),
    });
    const { RouteTables = [] } = await ec2.send(new DescribeRouteTablesCommand({}));
    expect(RouteTables.flatMap(({ Routes = [] }) => Routes)).toContainEqual(
      expect.objectContaining({ DestinationCidrBlock: expect.any(String), GatewayId: 'local' }),
    );
  });

  it("answers for services that MiniStack lacks: the account's vCPU quota, and no scaling activity", async () => {
    const quotas = new ServiceQuotasClient(emulator.client);
    const quota = (QuotaCode: string) => quotas.send(new GetServiceQuotaCommand({ ServiceCode: 'fargate', QuotaCode }));
    expect((await quota('L-3032A538')).Quota?.Value).toBe(4000);
    await expect(quota('L-0')).rejects.toMatchObject({ name: 'NoSuchResourceException' });
    const activities = await new ApplicationAutoScalingClient(emulator.client).send(
      new DescribeScalingActivitiesCommand({ ServiceNamespace: 'ecs' }),
    );
    expect(activities.ScalingActivities).toEqual([]);
  });

  it('stores metrics published as values and counts', async () => {
    const cloudwatch = new CloudWatchClient(emulator.client);
    const at = new Date();
    const datum = { MetricName: 'Latency', Timestamp: at, Values: [10, 1000], Counts: [98, 2] };
    await cloudwatch.send(new PutMetricDataCommand({ Namespace: 'Fleet', MetricData: [datum] }));
    const { MetricDataResults } = await cloudwatch.send(
      new GetMetricDataCommand({
        StartTime: new Date(at.getTime() - 120_000),
        EndTime: new Date(at.getTime() + 120_000),
        MetricDataQueries: ['SampleCount', 'p50', 'p99'].map((Stat) => ({
          Id: Stat.toLowerCase(),
          MetricStat: { Metric: { Namespace: 'Fleet', MetricName: 'Latency' }, Period: 60, Stat },
        })),
      }),
    );
    expect(MetricDataResults?.map(({ Values }) => Values)).toEqual([[100], [10], [1000]]);
  });
});

describe('the emulator', () => {
  it("passes on none of the developer's AWS settings, and leaves nothing behind", async () => {
    vi.stubEnv('AWS_PROFILE', 'production');
    vi.stubEnv('AWS_SESSION_TOKEN', 'secret');
    const emulator = await startEmulator();
    vi.unstubAllEnvs();
    expect(emulator.env).not.toHaveProperty('AWS_PROFILE');
    expect(emulator.env).not.toHaveProperty('AWS_SESSION_TOKEN');
    const dir = dirname(emulator.env.CDK_HOME as string);
    expect(existsSync(dir)).toBe(true);
    await emulator.stop();
    await emulator.stop();
    expect(existsSync(dir)).toBe(false);
    expect(commandLines().filter((line) => line.includes(dir))).toEqual([]);
    await expect(fetch(emulator.endpoint)).rejects.toThrow();
  });

  it('runs several at once', async () => {
    await using one = await startEmulator();
    await using two = await startEmulator();
    await new S3Client(one.client).send(new CreateBucketCommand({ Bucket: 'of-one' }));
    const head = new ListObjectsV2Command({ Bucket: 'of-one' });
    await expect(new S3Client(two.client).send(head)).rejects.toMatchObject({ name: 'NoSuchBucket' });
  });
});

const commandLines = () =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8') + readFileSync(`/proc/${pid}/environ`, 'utf8');
      } catch {
        return '';
      }
    });
