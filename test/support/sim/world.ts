import { encodeJson } from '../../../core/contract/codec.ts';
import { Control, type Job } from '../../../core/contract/control.ts';
import { runKeys } from '../../../core/contract/keys.ts';
import type { Plan } from '../../../core/contract/plan.ts';
import type { Progress } from '../../../core/contract/progress.ts';
import type { Result } from '../../../core/contract/result.ts';
import { SupersededError } from '../../../core/errors.ts';
import type { Clock, Fleet, LaunchResult, MetricsSink, Store, TargetObserver, TaskRef } from '../../../core/ports.ts';
import { Coordinator, type CoordinatorOptions } from '../../../core/run/coordinator.ts';
import { VirtualClock } from './clock.ts';
import { MemoryStore } from './store.ts';
import { SimulatedWorker, type WorkerEvents } from './worker.ts';

/** A fault of a task: at a moment of the run, or just before or after its nth write. */
export interface Fault {
  task: number;
  kind: 'kill' | 'freeze' | 'kill-k6';
  when: { ms: number } | { write: number; moment: 'before' | 'after' };
}

/** One coordinator and its successors when it crashes. */
export interface CoordinatorScript {
  /** When the first one starts, ms. */
  startMs: number;
  /** Each crashes at its nth call of store or fleet, before or after the call takes effect; a successor starts after `restMs`. */
  crashes: { call: number; after: boolean; restMs: number }[];
  /** Delays the nth call of the first one. */
  stall?: { call: number; ms: number } | undefined;
  /** How long a leg lasts, ms; the next starts a second later. Absent: there is one leg. */
  legMs?: number | undefined;
}

export interface Scenario {
  plan: Plan;
  seed: number;
  /** A call of store or fleet takes up to twice this long, ms. */
  latencyMs: number;
  faults: Fault[];
  stopMs: number | null;
  coordinators: CoordinatorScript[];
  observer?: TargetObserver;
  metricsSink?: MetricsSink;
  /** The platform's answer to the nth launch, counted from 1; throws if the task can never be launched. */
  onLaunch?: (nr: number, ref: TaskRef, atMs: number) => LaunchResult;
  /** When the stopper terminates the run, ms. */
  terminateMs?: number;
  /** Requests that each task sends a second, spread over the seconds in which it sends them. Absent: some in each window. */
  rate?: number;
  onProgress?: (progress: Progress) => void;
  /** How long jobs take if not the usual time, ms. */
  jobMs?: Partial<Record<Job['kind'], number>>;
  /** Called with the simulated clock before the run starts. */
  onClock?: (clock: Clock) => void;
  /** Longest virtual time, ms. */
  limitMs?: number;
}

export interface Outcome extends WorkerEvents {
  plan: Plan;
  /** How each coordinator ended. */
  endings: (Result | SupersededError)[];
  /** Every control.json that was written, and by which leg. */
  controls: { leg: number; at: number; control: Control }[];
  launches: TaskRef[];
  /** When each launch was requested, Unix ms, including those refused. */
  launchTimes: number[];
  /** How often the coordinators called the store's get, by Unix second. */
  gets: Map<number, number>;
  /** Tasks that are alive at the end. */
  left: TaskRef[];
  /** Attempts that were alive when they were replaced: what they ship in their last moments may not count. */
  replaced: TaskRef[];
  /** result.json at the end. */
  stored: Result;
  /** The coordinators that were superseded, and when. */
  superseded: { leg: number; at: number }[];
}

/** Longer than all timeouts of a run together. */
const LIMIT_MS = 20 * 60_000;

class Crash extends Error {}

/** Simulates a run to its end. @throws Error if it does not end, or a coordinator fails */
export function simulate(scenario: Scenario): Promise<Outcome> {
  return new World(scenario).simulate();
}

class World {
  private readonly clock = new VirtualClock();
  private readonly store = new MemoryStore();
  private readonly workers = new Map<string, SimulatedWorker>();
  private readonly writes: number[];
  private readonly random: () => number;
  private legs = 0;
  private readonly recorded: Omit<Outcome, 'endings' | 'stored' | 'left'>;

  constructor(private readonly scenario: Scenario) {
    const { plan, seed } = scenario;
    this.random = randomOf(seed);
    this.writes = plan.tasks.map(() => 0);
    this.recorded = {
      plan,
      controls: [],
      launches: [],
      launchTimes: [],
      gets: new Map(),
      replaced: [],
      superseded: [],
      windows: [],
      jobs: [],
      armed: [],
    };
  }

  async simulate(): Promise<Outcome> {
    const { plan, faults, stopMs, coordinators, onClock, limitMs = LIMIT_MS } = this.scenario;
    onClock?.(this.clock);
    const keys = runKeys(plan.id);
    for (const { task, kind, when } of faults) {
      if ('ms' in when) void this.clock.sleep(when.ms).then(() => this.inject(task, kind));
    }
    if (stopMs !== null) {
      const body = encodeJson({ at: new Date(0).toISOString(), message: 'stop it' });
      void this.clock.sleep(stopMs).then(() => this.store.create(keys.stop, body));
    }
    const driven = coordinators.map((script) => this.drive(script));
    const endings = await this.clock.drive(Promise.all([...driven, ...this.stopper()]), limitMs);
    const stored = JSON.parse(Buffer.from((await this.store.get(keys.result)) ?? []).toString()) as Result;
    const left = this.recorded.launches.filter((ref) => this.workers.get(keyOf(ref))?.alive);
    return { ...this.recorded, endings: endings.filter((ending) => ending !== null), stored, left };
  }

  /** The stopper, if there is one; it runs twice, as a Lambda that is retried. */
  private stopper(): Promise<Result | null>[] {
    const { terminateMs } = this.scenario;
    if (terminateMs === undefined) return [];
    const reason = { kind: 'internal' as const, message: 'the state machine was aborted', exitCode: 1 };
    // As the stopper does, since a leg that is starting may claim the run back.
    const once = async (): Promise<Result | null> => {
      try {
        return await new Coordinator(this.optionsOf(++this.legs)).terminate(reason);
      } catch (error) {
        if (error instanceof SupersededError) return once();
        throw error;
      }
    };
    return [
      this.clock.sleep(terminateMs).then(async () => {
        const result = await once();
        if ((await once()) !== null) throw new Error('the second time wrote another result');
        return result;
      }),
    ];
  }

  private async drive({ startMs, crashes, stall, legMs }: CoordinatorScript): Promise<Result | SupersededError> {
    await this.clock.sleep(startMs);
    for (let index = 0; ; ) {
      const crash = crashes[index];
      const leg = ++this.legs;
      const options = this.optionsOf(leg, crash, index === 0 ? stall : undefined);
      try {
        const until = legMs === undefined ? {} : { until: this.clock.now() + legMs };
        const result = await new Coordinator(options).run(until);
        if (result !== null) return result;
        await this.clock.sleep(1000);
      } catch (error) {
        if (error instanceof SupersededError) {
          this.recorded.superseded.push({ leg, at: this.clock.now() });
          return error;
        }
        if (!(error instanceof Crash) || crash === undefined) throw error;
        index += 1;
        await this.clock.sleep(crash.restMs);
      }
    }
  }

  private optionsOf(
    leg: number,
    crash?: CoordinatorScript['crashes'][number],
    stall?: CoordinatorScript['stall'],
  ): CoordinatorOptions {
    const { plan, observer = null, metricsSink, onProgress } = this.scenario;
    return {
      ...this.accessOf(leg, crash, stall),
      plan,
      observer,
      ...(metricsSink && { metricsSink }),
      ...(onProgress && { onProgress }),
      compression: { zip: async (text) => Buffer.from(text), unzip: async (body) => body },
    };
  }

  /** Clock, store and fleet as one leg reaches them: with latency, and until it crashes. */
  private accessOf(
    leg: number,
    crash: CoordinatorScript['crashes'][number] | undefined,
    stall: CoordinatorScript['stall'],
  ): { store: Store; fleet: Fleet; clock: Clock } {
    let calls = 0;
    let crashed = false;
    const sleep = async (ms: number) => {
      await this.clock.sleep(ms);
      if (crashed) throw new Crash();
    };
    const latency = () => this.random() * this.scenario.latencyMs;
    const call = async <T>(operation: () => Promise<T>): Promise<T> => {
      const nr = ++calls;
      await sleep(latency() + (stall?.call === nr ? stall.ms : 0));
      if (crash?.call === nr && !crash.after) crashed = true;
      if (crashed) throw new Crash();
      const answer = await operation();
      if (crash?.call === nr) crashed = true;
      await sleep(latency());
      return answer;
    };
    const { store } = this;
    return {
      clock: { now: () => this.clock.now(), sleep },
      store: {
        get: (key) => {
          const second = Math.floor(this.clock.now() / 1000);
          this.recorded.gets.set(second, (this.recorded.gets.get(second) ?? 0) + 1);
          return call(() => store.get(key));
        },
        put: (key, body) => call(() => store.put(key, body)),
        create: (key, body) => call(() => store.create(key, body)),
        getVersioned: (key) => call(() => store.getVersioned(key)),
        swap: (key, body, etag) =>
          call(async () => {
            const next = await store.swap(key, body, etag);
            if (next !== null && key === runKeys(this.scenario.plan.id).control) this.recordControl(leg, body);
            return next;
          }),
      },
      fleet: {
        launch: (ref) =>
          call(async () => {
            this.recorded.launchTimes.push(this.clock.now());
            const nr = this.recorded.launchTimes.length;
            const result = this.scenario.onLaunch?.(nr, ref, this.clock.now()) ?? { state: 'launched' };
            if (result.state === 'launched') this.launch(ref);
            return result;
          }),
        liveness: (ref) =>
          call(async () => {
            const alive = this.workers.get(keyOf(ref))?.alive;
            return alive
              ? { state: 'alive' }
              : { state: 'gone', reason: alive === false ? 'it died' : 'never launched' };
          }),
        kill: (ref) => call(async () => this.workers.get(keyOf(ref))?.kill()),
      },
    };
  }

  private recordControl(leg: number, body: Uint8Array | string): void {
    const control = Control.parse(JSON.parse(Buffer.from(body).toString()));
    const before = this.recorded.controls.at(-1)?.control;
    this.recorded.controls.push({ leg, at: this.clock.now(), control });
    before?.attempts.forEach((attempt, task) => {
      const ref = { task, attempt };
      if (control.attempts[task] !== attempt && this.workers.get(keyOf(ref))?.alive) this.recorded.replaced.push(ref);
    });
  }

  private launch(ref: TaskRef): void {
    if (this.workers.has(keyOf(ref))) return;
    this.recorded.launches.push(ref);
    const { plan, faults, rate, jobMs = {} } = this.scenario;
    const { store, clock, random, recorded: events } = this;
    const onWrite = (moment: 'before' | 'after') => {
      const count = (this.writes[ref.task] ?? 0) + (moment === 'before' ? 1 : 0);
      this.writes[ref.task] = count;
      for (const { task, kind, when } of faults) {
        if (!('write' in when) || task !== ref.task) continue;
        if (when.write === count && when.moment === moment) this.inject(task, kind);
      }
    };
    const worker = new SimulatedWorker({
      ref,
      plan,
      store,
      clock,
      jobMs,
      random,
      events,
      onWrite,
      ...(rate !== undefined && { rate }),
    });
    this.workers.set(keyOf(ref), worker);
    void worker.start();
  }

  /** Injects the fault into the latest attempt at the task. */
  private inject(task: number, kind: Fault['kind']): void {
    const latest = this.recorded.launches.findLast((ref) => ref.task === task);
    const worker = latest === undefined ? undefined : this.workers.get(keyOf(latest));
    if (kind === 'kill') worker?.kill();
    else if (kind === 'freeze') worker?.freeze();
    else worker?.killK6();
  }
}

const keyOf = ({ task, attempt }: TaskRef) => `${task}/${attempt}`;

/** Park and Miller's generator: the same seed gives the same simulation. */
function randomOf(seed: number): () => number {
  let state = (Math.abs(seed) % 2147483646) + 1;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}
