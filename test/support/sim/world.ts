import { encodeJson } from '../../../core/contract/codec.ts';
import { Control } from '../../../core/contract/control.ts';
import { runKeys } from '../../../core/contract/keys.ts';
import type { Plan } from '../../../core/contract/plan.ts';
import type { Result } from '../../../core/contract/result.ts';
import { SupersededError } from '../../../core/errors.ts';
import type { Clock, Fleet, LaunchResult, MetricsSink, Store, TargetObserver, TaskRef } from '../../../core/ports.ts';
import { Coordinator, type CoordinatorOptions } from '../../../core/run/coordinator.ts';
import { VirtualClock } from './clock.ts';
import { MemoryStore } from './store.ts';
import { type Deeds, SimulatedWorker } from './worker.ts';

/** Something that happens to a task: at a moment of the run, or just before or after it writes for the nth time. */
export interface Fault {
  task: number;
  kind: 'kill' | 'freeze' | 'kill-k6';
  when: { ms: number } | { write: number; moment: 'before' | 'after' };
}

/** One coordinator and those that take its place when it crashes. */
export interface Conductor {
  /** When the first one starts, ms. */
  startMs: number;
  /** Each crashes at its nth call of store or fleet, before or after that takes effect; the next comes after `restMs`. */
  crashes: { call: number; after: boolean; restMs: number }[];
  /** Holds the nth call of the first one up. */
  stall?: { call: number; ms: number } | undefined;
  /** How long a leg lasts, ms; the next one comes a second later. Absent: one leg does it all. */
  legMs?: number | undefined;
}

export interface Scenario {
  plan: Plan;
  seed: number;
  /** A call of store or fleet takes up to twice so long, ms. */
  latencyMs: number;
  faults: Fault[];
  stopMs: number | null;
  conductors: Conductor[];
  observer?: TargetObserver;
  metricsSink?: MetricsSink;
  /** The platform's answer to the nth launch, counted from 1; throws if the task can never be launched. */
  onLaunch?: (nr: number, ref: TaskRef, atMs: number) => LaunchResult;
  /** A stopper comes, and ends the run. */
  abandonMs?: number;
  /** Called with the world's clock before anything happens. */
  onClock?: (clock: Clock) => void;
  /** Longest virtual time, ms. */
  limitMs?: number;
}

export interface Played extends Deeds {
  plan: Plan;
  /** How each conductor ended. */
  endings: (Result | SupersededError)[];
  /** Every control.json that was written, and by which coordinator. */
  told: { leg: number; at: number; control: Control }[];
  launches: TaskRef[];
  /** When each launch was asked for, Unix ms, those refused too. */
  launchTimes: number[];
  /** How often the coordinators called the store's get, by Unix second. */
  gets: Map<number, number>;
  /** Tasks that are alive in the end. */
  left: TaskRef[];
  /** Attempts that were alive when another took their place: what they ship in their last moments may not count. */
  disowned: TaskRef[];
  /** result.json as it is in the end. */
  stored: Result;
  /** The coordinators that were superseded, and when. */
  superseded: { leg: number; at: number }[];
}

/** Longer than all of a run's timeouts one after the other. */
const LIMIT_MS = 20 * 60_000;

class Crash extends Error {}

/** Plays a run to its end. @throws Error where it does not end, or a coordinator fails. */
export function play(scenario: Scenario): Promise<Played> {
  return new World(scenario).play();
}

class World {
  private readonly clock = new VirtualClock();
  private readonly store = new MemoryStore();
  private readonly workers = new Map<string, SimulatedWorker>();
  private readonly writes: number[];
  private readonly random: () => number;
  private legs = 0;
  private readonly played: Omit<Played, 'endings' | 'stored' | 'left'>;

  constructor(private readonly scenario: Scenario) {
    const { plan, seed } = scenario;
    this.random = randomOf(seed);
    this.writes = plan.tasks.map(() => 0);
    this.played = {
      plan,
      told: [],
      launches: [],
      launchTimes: [],
      gets: new Map(),
      disowned: [],
      superseded: [],
      windows: [],
      jobs: [],
      armed: [],
    };
  }

  async play(): Promise<Played> {
    const { plan, faults, stopMs, conductors, onClock, limitMs = LIMIT_MS } = this.scenario;
    onClock?.(this.clock);
    const keys = runKeys(plan.id);
    for (const { task, kind, when } of faults) {
      if ('ms' in when) void this.clock.sleep(when.ms).then(() => this.strike(task, kind));
    }
    if (stopMs !== null) {
      const body = encodeJson({ at: new Date(0).toISOString(), message: 'stop it' });
      void this.clock.sleep(stopMs).then(() => this.store.create(keys.stop, body));
    }
    const conducted = conductors.map((one) => this.conduct(one));
    const endings = await this.clock.drive(Promise.all([...conducted, ...this.stopper()]), limitMs);
    const stored = JSON.parse(Buffer.from((await this.store.get(keys.result)) ?? []).toString()) as Result;
    const left = this.played.launches.filter((ref) => this.workers.get(keyOf(ref))?.alive);
    return { ...this.played, endings: endings.filter((ending) => ending !== null), stored, left };
  }

  /** The stopper, where one comes; twice, as a Lambda that is retried. */
  private stopper(): Promise<Result | null>[] {
    const { abandonMs } = this.scenario;
    if (abandonMs === undefined) return [];
    const reason = { kind: 'internal' as const, message: 'the state machine was aborted', exitCode: 1 };
    const once = async () => new Coordinator(this.optionsOf(++this.legs)).terminate(reason);
    return [
      this.clock.sleep(abandonMs).then(async () => {
        const result = await once();
        if ((await once()) !== null) throw new Error('the second time wrote another result');
        return result;
      }),
    ];
  }

  private async conduct({ startMs, crashes, stall, legMs }: Conductor): Promise<Result | SupersededError> {
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
          this.played.superseded.push({ leg, at: this.clock.now() });
          return error;
        }
        if (!(error instanceof Crash) || crash === undefined) throw error;
        index += 1;
        await this.clock.sleep(crash.restMs);
      }
    }
  }

  private optionsOf(leg: number, crash?: Conductor['crashes'][number], stall?: Conductor['stall']): CoordinatorOptions {
    const { plan, observer = null, metricsSink } = this.scenario;
    return {
      ...this.waysOf(leg, crash, stall),
      plan,
      observer,
      ...(metricsSink && { metricsSink }),
      compression: { zip: async (text) => Buffer.from(text), unzip: async (body) => body },
    };
  }

  /** How one coordinator reaches the world: slowly, and only as long as it lives. */
  private waysOf(
    leg: number,
    crash: Conductor['crashes'][number] | undefined,
    stall: Conductor['stall'],
  ): { store: Store; fleet: Fleet; clock: Clock } {
    let calls = 0;
    let dead = false;
    const rest = async (ms: number) => {
      await this.clock.sleep(ms);
      if (dead) throw new Crash();
    };
    const latency = () => this.random() * this.scenario.latencyMs;
    const call = async <T>(act: () => Promise<T>): Promise<T> => {
      const nr = ++calls;
      await rest(latency() + (stall?.call === nr ? stall.ms : 0));
      if (crash?.call === nr && !crash.after) dead = true;
      if (dead) throw new Crash();
      const answer = await act();
      if (crash?.call === nr) dead = true;
      await rest(latency());
      return answer;
    };
    const { store } = this;
    return {
      clock: { now: () => this.clock.now(), sleep: rest },
      store: {
        get: (key) => {
          const second = Math.floor(this.clock.now() / 1000);
          this.played.gets.set(second, (this.played.gets.get(second) ?? 0) + 1);
          return call(() => store.get(key));
        },
        put: (key, body) => call(() => store.put(key, body)),
        create: (key, body) => call(() => store.create(key, body)),
        getVersioned: (key) => call(() => store.getVersioned(key)),
        swap: (key, body, etag) =>
          call(async () => {
            const next = await store.swap(key, body, etag);
            if (next !== null && key === runKeys(this.scenario.plan.id).control) this.note(leg, body);
            return next;
          }),
      },
      fleet: {
        launch: (ref) =>
          call(async () => {
            this.played.launchTimes.push(this.clock.now());
            const nr = this.played.launchTimes.length;
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

  private note(leg: number, body: Uint8Array | string): void {
    const control = Control.parse(JSON.parse(Buffer.from(body).toString()));
    const before = this.played.told.at(-1)?.control;
    this.played.told.push({ leg, at: this.clock.now(), control });
    before?.attempts.forEach((attempt, task) => {
      const ref = { task, attempt };
      if (control.attempts[task] !== attempt && this.workers.get(keyOf(ref))?.alive) this.played.disowned.push(ref);
    });
  }

  private launch(ref: TaskRef): void {
    if (this.workers.has(keyOf(ref))) return;
    this.played.launches.push(ref);
    const { plan, faults } = this.scenario;
    const { store, clock, random, played: deeds } = this;
    const onWrite = (moment: 'before' | 'after') => {
      const count = (this.writes[ref.task] ?? 0) + (moment === 'before' ? 1 : 0);
      this.writes[ref.task] = count;
      for (const { task, kind, when } of faults) {
        if (!('write' in when) || task !== ref.task) continue;
        if (when.write === count && when.moment === moment) this.strike(task, kind);
      }
    };
    const worker = new SimulatedWorker({ ref, plan, store, clock, random, deeds, onWrite });
    this.workers.set(keyOf(ref), worker);
    void worker.live();
  }

  /** Hits the latest attempt at a task. */
  private strike(task: number, kind: Fault['kind']): void {
    const latest = this.played.launches.findLast((ref) => ref.task === task);
    const worker = latest === undefined ? undefined : this.workers.get(keyOf(latest));
    if (kind === 'kill') worker?.kill();
    else if (kind === 'freeze') worker?.freeze();
    else worker?.killK6();
  }
}

const keyOf = ({ task, attempt }: TaskRef) => `${task}/${attempt}`;

/** Park and Miller's generator: the same seed, the same world. */
function randomOf(seed: number): () => number {
  let state = (Math.abs(seed) % 2147483646) + 1;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}
