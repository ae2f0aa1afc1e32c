/** The fleet on an ECS that starts real processes. */
import { CreateClusterCommand, ECSClient, RegisterTaskDefinitionCommand } from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { FargateFleet } from '../../../fleets/fargate/fleet.ts';
import { stackInfo } from '../../support/aws-samples.ts';
import { type Emulator, startEmulator } from '../../support/emulator/emulator.ts';

let emulator: Emulator;
let client: ECSClient;
let taskDefinition: string;

const clock = { now: Date.now, sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)) };

beforeAll(async () => {
  const wait = [process.execPath, '-e', 'process.on("SIGTERM", () => process.exit(0)); setInterval(() => {}, 1000)'];
  emulator = await startEmulator({ images: { 'worker:': { entrypoint: wait } } });
  client = new ECSClient(emulator.client);
  await client.send(new CreateClusterCommand({ clusterName: 'fleet' }));
  const registered = await client.send(
    new RegisterTaskDefinitionCommand({
      family: 'fleet-worker',
      containerDefinitions: [{ name: 'worker', image: 'worker:1', essential: true, memory: 64 }],
    }),
  );
  taskDefinition = registered.taskDefinition?.taskDefinitionArn ?? '';
});
afterAll(async () => {
  client?.destroy();
  await emulator?.stop();
});

function fleetOf(run: string) {
  const info = stackInfo({ taskDefinition });
  const subnets = [{ id: 'subnet-a', zone: 'us-east-1a', publicIp: true }];
  return new FargateFleet({ client, run, info, subnets, clock, taskPollIntervalMs: 50, graceMs: 0 });
}

it('starts tasks once, hands them over to the next coordinator, and stops them', async () => {
  const refs = [0, 1, 2].map((task) => ({ task, attempt: 0 }));
  const first = fleetOf('20261123-043000-first-0001');
  const other = fleetOf('20261123-043000-other-0002');
  for (const ref of [...refs, ...refs]) expect(await first.launch(ref)).toEqual({ state: 'launched' });
  expect(await other.launch({ task: 0, attempt: 0 })).toEqual({ state: 'launched' });

  const next = fleetOf('20261123-043000-first-0001');
  const states = () => Promise.all(refs.map(async (ref) => (await next.liveness(ref)).state));
  expect(await states()).toEqual(['alive', 'alive', 'alive']);
  const unknown = { state: 'gone', reason: 'ECS knows no such task' };
  // After a fresh list: an older one does not have it.
  await vi.waitFor(async () => expect(await next.liveness({ task: 3, attempt: 0 })).toEqual(unknown));

  // As on every tick: ECS may be busy when it is first asked.
  const killing = async () => {
    await next.kill({ task: 1, attempt: 0 });
    expect(await states()).toEqual(['alive', 'gone', 'alive']);
  };
  await vi.waitFor(killing, { timeout: 30_000 });
  expect(await next.liveness({ task: 1, attempt: 0 })).toMatchObject({
    reason: expect.stringContaining('UserInitiated'),
  });

  await fleetOf('20261123-043000-first-0001').killAll();
  await vi.waitFor(async () => expect(await states()).toEqual(['gone', 'gone', 'gone']), { timeout: 30_000 });
  // One that never saw them alive finds them among the stopped ones.
  expect(await fleetOf('20261123-043000-first-0001').liveness({ task: 2, attempt: 0 })).toMatchObject({
    state: 'gone',
    reason: expect.stringContaining('UserInitiated'),
  });
  expect(await other.liveness({ task: 0, attempt: 0 })).toEqual({ state: 'alive' });
});
