import { encodeJson } from '../../../core/contract/codec.ts';
import type { IntervalMetrics } from '../../../core/contract/interval-metrics.ts';
import { runKeys } from '../../../core/contract/keys.ts';
import type { Plan } from '../../../core/contract/plan.ts';
import { Result } from '../../../core/contract/result.ts';
import type { Fleet, MetricsSink, TaskRef } from '../../../core/ports.ts';
import type { Log } from '../../../lambda/log.ts';
import type { Publisher } from '../../../lambda/publisher.ts';
import { VirtualClock } from '../../support/sim/clock.ts';
import { MemoryStore } from '../../support/sim/store.ts';
import { SimulatedWorker } from '../../support/sim/worker.ts';

const keyOf = ({ task, attempt }: TaskRef) => `${task}/${attempt}`;

/** A stack without AWS: simulated workers, a store in memory, and virtual time. */
export class SimulatedStack {
  readonly clock = new VirtualClock();
  readonly store = new MemoryStore();
  readonly workers = new Map<string, SimulatedWorker>();
  readonly intervals: IntervalMetrics[] = [];
  readonly lines: Parameters<Log>[0][] = [];
  readonly published: Result[] = [];
  private seed = 7;

  constructor(readonly plan: Plan) {}

  /** The dependencies of both Lambdas. */
  get dependencies() {
    return {
      store: this.store,
      fleetOf: () => this.fleet,
      metricsSink: this.metricsSink,
      publisher: this.publisher,
      clock: this.clock,
      compression: { zip: async (text: string) => Buffer.from(text), unzip: async (body: Uint8Array) => body },
      log: ((line) => this.lines.push(line)) satisfies Log,
    };
  }

  get alive(): number {
    return [...this.workers.values()].filter(({ alive }) => alive).length;
  }

  upload(): Promise<void> {
    return this.store.put(runKeys(this.plan.id).plan, encodeJson(this.plan));
  }

  async result(): Promise<Result | null> {
    const body = await this.store.get(runKeys(this.plan.id).result);
    return body === null ? null : Result.parse(JSON.parse(Buffer.from(body).toString()));
  }

  /** Advances the clock until the work is done. */
  drive<T>(work: Promise<T>): Promise<T> {
    return this.clock.drive(work, 20 * 60_000);
  }

  private readonly metricsSink: MetricsSink = {
    publish: async (interval) => {
      this.intervals.push(interval);
    },
  };

  private readonly publisher: Publisher = {
    publish: async (files, result) => {
      if (await files.isPublished()) return;
      this.published.push(result);
      await files.markPublished(new Date(this.clock.now()));
    },
  };

  private readonly fleet: Fleet = {
    launch: async (ref) => {
      if (this.workers.has(keyOf(ref))) return { state: 'launched' };
      const { plan, store, clock } = this;
      const events = { windows: [], jobs: [], armed: [] };
      const worker = new SimulatedWorker({ ref, plan, store, clock, random: this.random, events, onWrite: () => {} });
      this.workers.set(keyOf(ref), worker);
      void worker.start();
      return { state: 'launched' };
    },
    liveness: async (ref) =>
      this.workers.get(keyOf(ref))?.alive ? { state: 'alive' } : { state: 'gone', reason: 'it is gone' },
    kill: async (ref) => this.workers.get(keyOf(ref))?.kill(),
    killAll: async () => {
      for (const worker of this.workers.values()) worker.kill();
    },
  };

  private readonly random = (): number => {
    this.seed = (this.seed * 48271) % 2147483647;
    return this.seed / 2147483647;
  };
}
