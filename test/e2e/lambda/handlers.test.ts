import { CreateClusterCommand, ECSClient } from '@aws-sdk/client-ecs';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { encodeJson } from '../../../core/contract/codec.ts';
import { FLEET_INFO_ENV } from '../../../core/contract/env.ts';
import { runKeys } from '../../../core/contract/keys.ts';
import type { Plan } from '../../../core/contract/plan.ts';
import { RunFiles } from '../../../core/contract/run-files.ts';
import type { FleetInfo } from '../../../core/contract/stack.ts';
import type { RunStore } from '../../../stores/open-store.ts';
import { openStore } from '../../../stores/open-store.ts';
import { type Emulator, startEmulator } from '../../support/emulator/emulator.ts';
import { planOf } from '../../support/sim/plan.ts';

const BUCKET = 'runs-of-fleet';
const context = { getRemainingTimeInMillis: () => 120_000 };
const plan: Plan = { ...planOf(), fargate: { subnets: [{ id: 'subnet-1', zone: 'us-east-1a', publicIp: true }] } };
const keys = runKeys(plan.id);

/** With the AWS that a stack's Lambdas have, but for the tasks. */
describe('the handlers on the emulator', () => {
  let emulator: Emulator;
  let store: RunStore;

  beforeAll(async () => {
    emulator = await startEmulator();
    for (const [name, value] of Object.entries(emulator.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, value);
    await new S3Client({ ...emulator.client, forcePathStyle: true }).send(new CreateBucketCommand({ Bucket: BUCKET }));
    await new ECSClient(emulator.client).send(new CreateClusterCommand({ clusterName: 'fleet' }));
    const { TopicArn = '' } = await new SNSClient(emulator.client).send(new CreateTopicCommand({ Name: 'verdicts' }));
    const info: FleetInfo = {
      stack: 'Fleet',
      region: emulator.region,
      bucket: BUCKET,
      cluster: 'fleet',
      taskDefinition: 'arn:aws:ecs:us-east-1:000000000000:task-definition/worker:1',
      container: 'worker',
      securityGroups: ['sg-1'],
      capacity: 'FARGATE',
      topic: TopicArn,
      target: null,
      legSeconds: 60,
    };
    vi.stubEnv(FLEET_INFO_ENV, JSON.stringify(info));
    store = openStore(`s3://${BUCKET}`);
  });

  afterAll(async () => {
    vi.unstubAllEnvs();
    await emulator?.stop();
  });

  it('fails with a named error if the run has no plan, and the stopper then has nothing to do', async () => {
    const coordinator = await import('../../../lambda/coordinator/handler.ts');
    const stopper = await import('../../../lambda/stopper/handler.ts');
    await expect(coordinator.handler({ run: 'nobody' }, context)).rejects.toMatchObject({ name: 'PlanMissingError' });
    await expect(coordinator.handler({}, context)).rejects.toThrow();
    await stopper.handler({
      'detail-type': 'Step Functions Execution Status Change',
      detail: { name: 'nobody', status: 'FAILED', input: '{}' },
    });
    expect(await store.get(runKeys('nobody').control)).toBeNull();
  });

  it('stops a run, publishes its verdict, and a leg that comes later finds it done', async () => {
    const coordinator = await import('../../../lambda/coordinator/handler.ts');
    const stopper = await import('../../../lambda/stopper/handler.ts');
    await store.put(keys.plan, encodeJson(plan));
    await stopper.handler({
      'detail-type': 'Step Functions Execution Status Change',
      detail: { name: plan.id, status: 'ABORTED', input: JSON.stringify({ run: plan.id }) },
    });
    expect(await new RunFiles(store, plan.id).isPublished()).toBe(true);
    expect(await coordinator.handler({ run: plan.id }, context)).toEqual({
      run: plan.id,
      done: true,
      passed: false,
      exitCode: 105,
    });
  });
});
