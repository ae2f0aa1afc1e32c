import { setTimeout as sleep } from 'node:timers/promises';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { ECSClient } from '@aws-sdk/client-ecs';
import { SNSClient } from '@aws-sdk/client-sns';
import { FLEET_INFO_ENV, requireEnv } from '../core/contract/env.ts';
import type { Plan } from '../core/contract/plan.ts';
import { FleetInfo } from '../core/contract/stack.ts';
import type { Clock, Compression, Fleet, MetricsSink, Store } from '../core/ports.ts';
import { FargateFleet } from '../fleets/fargate/fleet.ts';
import { CloudWatchSink } from '../observers/aws/cloudwatch-sink.ts';
import { compression } from '../stores/compression.ts';
import { openStore } from '../stores/open-store.ts';
import { type Log, logLine } from './log.ts';
import { type Publisher, TopicPublisher } from './publisher.ts';
import { TIMEOUTS } from './timeouts.ts';

const clock: Clock = { now: Date.now, sleep: async (ms) => void (await sleep(ms)) };

/** What the Lambdas of a stack depend on. */
export interface Dependencies {
  info: FleetInfo;
  store: Store;
  fleetOf(plan: Plan): Fleet;
  metricsSink: MetricsSink;
  publisher: Publisher;
  clock: Clock;
  compression: Compression;
  log: Log;
}

/** @throws Error if FLEET_INFO_ENV is missing or malformed */
export function dependencies(env: NodeJS.ProcessEnv = process.env): Dependencies {
  const info = FleetInfo.parse(JSON.parse(requireEnv(FLEET_INFO_ENV, env)));
  const client = { region: info.region, requestHandler: TIMEOUTS };
  const ecs = new ECSClient(client);
  return {
    info,
    store: openStore(`s3://${info.bucket}`),
    fleetOf: (plan) =>
      new FargateFleet({ client: ecs, run: plan.id, info, subnets: plan.fargate?.subnets ?? [], clock }),
    metricsSink: new CloudWatchSink(new CloudWatchClient(client), info.stack),
    publisher: new TopicPublisher(new SNSClient(client), info, logLine),
    clock,
    compression,
    log: logLine,
  };
}
