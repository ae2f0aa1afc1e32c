import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { ECSClient } from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TargetConfig } from '../../../core/contract/stack.ts';
import { ecsClients } from '../../../observers/aws/ecs-clients.ts';
import { EcsObserver } from '../../../observers/aws/ecs-observer.ts';
import { createService } from '../../support/emulator/ecs-service.ts';
import { type Emulator, startEmulator } from '../../support/emulator/emulator.ts';

const MINUTE = 60_000;

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator();
}, 120_000);
afterAll(() => emulator?.stop());

it('reads a service and its metrics from an AWS that answers for itself', async () => {
  const ecs = new ECSClient(emulator.client);
  await createService(ecs, { cluster: 'shop', service: 'web', image: 'web:1', desiredCount: 0 });
  const now = Date.now();
  const point = Math.floor(now / MINUTE) * MINUTE - 2 * MINUTE;
  const cloudWatch = new CloudWatchClient(emulator.client);
  await cloudWatch.send(
    new PutMetricDataCommand({
      Namespace: 'Shop',
      MetricData: [{ MetricName: 'QueueDepth', Timestamp: new Date(point), Value: 42 }],
    }),
  );
  const target = TargetConfig.parse({
    services: [{ cluster: 'shop', service: 'web' }],
    metrics: { queueDepth: { namespace: 'Shop', metric: 'QueueDepth', statistic: 'Maximum' } },
  });

  const observation = await new EcsObserver(target, ecsClients(emulator.client), () => now).observe(now - 10 * MINUTE);

  expect(observation.reading).toEqual({ at: now, desired: 0, running: 0, pending: 0 });
  expect(observation.samples).toEqual([{ series: 'queueDepth', at: point, value: 42 }]);
  // It has no Application Auto Scaling, which hides nothing else.
  const failures = observation.events.filter(({ message }) => message.includes('could not be read'));
  for (const { message } of failures) expect(message).toMatch(/the target's (scaling activities|maximum) could not/);
});
