import { type ECSClient, RunTaskCommand } from '@aws-sdk/client-ecs';
import { TASK_START_SECONDS } from '../core/aws/pacing.ts';
import { encodeJson } from '../core/contract/codec.ts';
import type { Control } from '../core/contract/control.ts';
import { runKeys, taskKeys } from '../core/contract/keys.ts';
import { initialTaskStatus } from '../core/contract/task-status.ts';
import { awsTiming } from '../core/plan/build.ts';
import { Coordinator } from '../core/run/coordinator.ts';
import { FargateFleet } from '../fleets/fargate/fleet.ts';
import { refOf } from '../fleets/fargate/task-tracker.ts';
import { fargateSubnets, stackInfo } from '../test/support/aws-samples.ts';
import { FakeEcs } from '../test/support/fake-ecs.ts';
import { VirtualClock } from '../test/support/sim/clock.ts';
import { planOf } from '../test/support/sim/plan.ts';
import { MemoryStore } from '../test/support/sim/store.ts';
import { S3_LATENCY_MS } from './aws/endpoint.ts';
import { watchedStore } from './aws/watched-store.ts';
import type { BenchContext } from './context.ts';
import { between, seeded } from './random.ts';
import type { Report } from './report.ts';
import { spreadOf, spreadText } from './spread.ts';

/** How long RunTask takes, ms. Any other call takes as long as one of S3. */
const RUN_TASK_MS = [150, 450] as const;
/** How long a task takes to get ready, ms. */
const TASK_START_MS = [500 * TASK_START_SECONDS, 1500 * TASK_START_SECONDS] as const;

export interface LaunchShape {
  tasks: number;
  /** Share of the launches for which the platform has no room, 0 to 1. */
  refused: number;
  seed: number;
}

export interface Launched {
  /** RunTask calls, refused ones too. */
  calls: number;
  /** From the coordinator's first moment to the last RunTask, s. */
  lastSeconds: number;
  /** From the last RunTask to the start signal, s. */
  toStartSeconds: number;
  /** The most RunTask calls within ten seconds. */
  mostInTen: number;
}

/** How fast the coordinator launches: in virtual time, against ECS's rate. */
export async function benchLaunching({ quick, log }: BenchContext): Promise<Report> {
  const rows: LaunchRow[] = [];
  for (const tasks of quick ? [40] : [100, 1000, 5000]) {
    for (const refused of [0, 0.05]) {
      const launched: Launched[] = [];
      const seeds = quick || tasks > 1000 ? [1] : [1, 2, 3];
      for (const seed of seeds) launched.push(await playLaunch({ tasks, refused, seed }));
      rows.push({ tasks, refused, launched });
      log(`${tasks} tasks, ${refused * 100} % refused: the last one after ${launched[0]?.lastSeconds.toFixed(1)} s`);
    }
  }
  return launchingReport(rows);
}

/** The real coordinator and the real Fargate fleet, with an ECS and an S3 that only take time. */
async function playLaunch({ tasks, refused, seed }: LaunchShape): Promise<Launched> {
  const virtual = new VirtualClock();
  const random = seeded(seed);
  const plan = planOf({ tasks, durationMs: 3_600_000, timing: awsTiming(tasks) });
  const memory = new MemoryStore();
  const calledAt: number[] = [];
  const took = (range: readonly [number, number]) => virtual.sleep(between(range, random));
  const ecs = new FakeEcs();
  const send = async (command: RunTaskCommand) => {
    if (!(command instanceof RunTaskCommand)) {
      await took(S3_LATENCY_MS);
      return ecs.client.send(command);
    }
    calledAt.push(virtual.now());
    const hasRoom = random() >= refused;
    await took(RUN_TASK_MS);
    if (!hasRoom) return { tasks: [], failures: [{ reason: 'Capacity is unavailable at this time' }] };
    const { task, attempt } = refOf(command.input) ?? { task: 0, attempt: 0 };
    const ready = { ...initialTaskStatus(task, attempt, 1), phase: 'ready' as const };
    void took(TASK_START_MS).then(() => memory.put(taskKeys(plan.id, task, attempt).status, encodeJson(ready)));
    return ecs.client.send(command);
  };
  const client = { send } as unknown as ECSClient;
  const began = virtual.now();
  const started = new Promise<number>((resolve, reject) => {
    const store = watchedStore(memory, async (method, key, body) => {
      await took(S3_LATENCY_MS);
      if (method !== 'PUT' || key !== runKeys(plan.id).control) return;
      const { phase } = JSON.parse(String(body)) as Control;
      if (phase === 'running') resolve(virtual.now());
      if (phase === 'stopping' || phase === 'finished') reject(new Error('the tasks could not be launched'));
    });
    new Coordinator({
      plan,
      store,
      fleet: new FargateFleet({ client, run: plan.id, info: stackInfo(), subnets: fargateSubnets, clock: virtual }),
      observer: null,
      clock: virtual,
      compression: { zip: async (text) => Buffer.from(text), unzip: async (body) => body },
    })
      .run()
      .catch(reject);
  });
  const startedAt = await virtual.drive(started, 3_600_000);
  const last = calledAt.at(-1) ?? began;
  return {
    calls: calledAt.length,
    lastSeconds: (last - began) / 1000,
    toStartSeconds: (startedAt - last) / 1000,
    mostInTen: mostWithin(calledAt, 10_000),
  };
}

/** The most of the moments, in ascending order, that lie within so many ms. @internal exported for its test */
export function mostWithin(moments: readonly number[], ms: number): number {
  let first = 0;
  let most = 0;
  moments.forEach((at, index) => {
    while ((moments[first] as number) < at - ms) first += 1;
    most = Math.max(most, index - first + 1);
  });
  return most;
}

export interface LaunchRow {
  tasks: number;
  refused: number;
  launched: Launched[];
}

/** @internal exported for its test */
export function launchingReport(rows: LaunchRow[]): Report {
  const rate = awsTiming(rows[0]?.tasks ?? 1).launchesPerSecond;
  const found = rows.map(({ tasks, refused, launched }) => ({
    tasks,
    refused,
    calls: spreadOf(launched.map(({ calls }) => calls)),
    lastSeconds: spreadOf(launched.map(({ lastSeconds }) => lastSeconds)),
    bestSeconds: spreadOf(launched.map(({ calls }) => calls / rate)),
    ratio: spreadOf(launched.map(({ calls, lastSeconds }) => lastSeconds / (calls / rate))),
    toStartSeconds: spreadOf(launched.map(({ toStartSeconds }) => toStartSeconds)),
    mostInTen: Math.max(...launched.map(({ mostInTen }) => mostInTen)),
  }));
  return {
    name: 'launching',
    title: `Launching against the best possible, ${rate} RunTask a second`,
    head: [
      'tasks',
      'refused',
      'RunTask calls',
      'last one after, s',
      'best, s',
      'ratio',
      'most in 10 s',
      'until the start, s',
    ],
    rows: found.map((row) => [
      row.tasks.toLocaleString('en'),
      `${row.refused * 100} %`,
      row.calls.median.toLocaleString('en'),
      spreadText(row.lastSeconds, 1),
      row.bestSeconds.median.toFixed(1),
      spreadText(row.ratio, 3),
      String(row.mostInTen),
      spreadText(row.toStartSeconds, 0),
    ]),
    aims: found
      .filter(({ refused }) => refused === 0)
      .map(({ tasks, ratio }) => ({
        what: `${tasks.toLocaleString('en')} tasks: time to the last launch, as a ratio to the best possible`,
        value: ratio.median,
        atMost: 1.02,
      })),
    notes: [
      `Median (range) of ${rows[0]?.launched.length} seeds (one for 5,000 tasks), in virtual time, with the real coordinator ` +
        `and Fargate fleet. Assumed: RunTask takes ${RUN_TASK_MS.join(' to ')} ms, any other call ` +
        `${S3_LATENCY_MS.join(' to ')} ms, a task is ready after ${TASK_START_MS.map((ms) => ms / 1000).join(' to ')} s. ` +
        'Best: all calls, refused ones too, at the sustained rate. A run starts with a burst of one second, ' +
        'hence the ratios below 1.',
    ],
    data: found,
  };
}
