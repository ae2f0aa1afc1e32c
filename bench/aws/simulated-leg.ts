/** A coordinator under load in virtual time, to count what it asks of S3 and ECS. */
import { gunzipSync } from 'node:zlib';
import { type ECSClient, RunTaskCommand } from '@aws-sdk/client-ecs';
import type { Control } from '../../core/contract/control.ts';
import { runKeys } from '../../core/contract/keys.ts';
import type { Timing } from '../../core/contract/plan.ts';
import { Coordinator } from '../../core/run/coordinator.ts';
import { FargateFleet } from '../../fleets/fargate/fleet.ts';
import { refOf } from '../../fleets/fargate/task-tracker.ts';
import { fargateSubnets, stackInfo } from '../../test/support/aws-samples.ts';
import { FakeEcs } from '../../test/support/fake-ecs.ts';
import { VirtualClock } from '../../test/support/sim/clock.ts';
import { planOf } from '../../test/support/sim/plan.ts';
import { MemoryStore } from '../../test/support/sim/store.ts';
import { between, seeded } from '../random.ts';
import { S3_LATENCY_MS } from './endpoint.ts';
import { type Counts, kindOf } from './kinds.ts';
import { SimulatedTasks } from './tasks.ts';
import { watchedStore } from './watched-store.ts';

/** After the start, before anything is counted, s. */
const WARM_UP_SECONDS = 20;

/**
 * Counts S3 requests, by kind, and calls of ECS and CloudWatch, by operation, over so many seconds of load. The windows
 * are next to empty: what is in them is not asked for.
 */
export async function countLeg(tasks: number, timing: Timing, seconds: number): Promise<Counts> {
  const clock = new VirtualClock();
  const random = seeded(1);
  const plan = planOf({ tasks, durationMs: 3_600_000, timing: { ...timing, launchesPerSecond: 1000 } });
  const { windowMs, cellSeconds } = timing;
  const { control } = runKeys(plan.id);
  const shape = { run: plan.id, tasks, windowMs, lineMs: 1000, cellSeconds };
  const simulated = new SimulatedTasks(shape, [{ v: 1, wall: 1, cells: [{ t: 0 }] }]);
  const ecs = new FakeEcs();
  const counts: Counts = {};
  let startAt: number | null = null;
  const took = async (kind: string) => {
    const from = (startAt ?? Number.POSITIVE_INFINITY) + WARM_UP_SECONDS * 1000;
    if (clock.now() >= from && clock.now() < from + seconds * 1000) counts[kind] = (counts[kind] ?? 0) + 1;
    await clock.sleep(between(S3_LATENCY_MS, random));
  };
  const memory = new MemoryStore();
  const files = watchedStore(memory, async (method, key, body) => {
    await took(kindOf(method, key));
    if (method !== 'PUT' || key !== control) return;
    startAt = (JSON.parse(String(body)) as Control).startAt;
    if (startAt !== null) simulated.start(startAt);
  });
  const store = {
    ...files,
    get: async (key: string) => (await files.get(key)) ?? simulated.read(key, clock.now()) ?? null,
  };
  const send = async (command: RunTaskCommand) => {
    await took(command.constructor.name.replace(/Command$/, ''));
    if (command instanceof RunTaskCommand) simulated.launch(refOf(command.input)?.task ?? 0);
    return ecs.client.send(command);
  };
  const coordinator = new Coordinator({
    plan,
    store,
    fleet: new FargateFleet({
      client: { send } as unknown as ECSClient,
      run: plan.id,
      info: stackInfo(),
      subnets: fargateSubnets,
      clock,
    }),
    observer: null,
    metricsSink: { publish: () => took('PutMetricData') },
    clock,
    compression: { zip: async (text) => Buffer.from(text), unzip: async (body) => gunzipSync(body) },
  });
  const running = coordinator.run();
  const over = async () => {
    while (startAt === null) await clock.sleep(1000);
    await clock.sleep(startAt + (WARM_UP_SECONDS + seconds) * 1000 - clock.now());
  };
  await clock.drive(Promise.race([over(), running]), 3_600_000);
  return counts;
}
