/** Looks on while a coordinator works: what it asks of its store, how late it merges, what it costs. */
import { runKeys } from '../../core/contract/keys.ts';
import type { Clock, Compression, Store } from '../../core/ports.ts';
import { type Counts, kindOf } from './kinds.ts';
import { type FleetShape, measuredUntil, storedAfter } from './tasks.ts';

export interface Quantiles {
  median: number;
  p95: number;
  max: number;
}

/** What was seen of one leg, over some seconds of load. */
export interface LegFigures {
  /** CPU of all threads of the process, s per s. */
  cpu: number;
  /** From the moment when a window was in the store until it was merged, s. */
  delay: Quantiles;
  /** Age of the newest that was merged of each task, looked at once a second, s. */
  age: Quantiles;
  /** Calls of the store a second; a GET of what was not there is apart. */
  perSecond: Counts;
  /** Of a window in the store, the mean, bytes. */
  windowBytes: number;
  /** The last one: its size in the store, and how long the leg waited for it. Null: there was none. */
  checkpoint: { bytes: number; ms: number } | null;
  /** The most that was resident, bytes. */
  rss: number;
}

export class LegMeter {
  startAt: number | null = null;
  private on = false;
  private readonly counts: Counts = {};
  private readonly keysOf = new WeakMap<Uint8Array, { task: number; seq: number }>();
  private readonly newest = new Map<number, number>();
  private readonly delays: number[] = [];
  private readonly ages: number[] = [];
  private checkpoint: LegFigures['checkpoint'] = null;
  private windowBytes = 0;
  /** When the coordinator last looked at the clock, and when it did so before its checkpoint. */
  private lookedAt = 0;
  private checkpointFrom = 0;

  constructor(private readonly shape: FleetShape) {}

  store(store: Store): Store {
    const { control, checkpoint } = runKeys(this.shape.run);
    return {
      ...(store.clock && { clock: store.clock }),
      get: async (key) => {
        const body = await store.get(key);
        this.count(body === null ? `${kindOf('GET', key)}, not there` : kindOf('GET', key));
        const [, task, seq] = WINDOW.exec(key) ?? [];
        if (body !== null && task !== undefined) {
          this.keysOf.set(body, { task: Number(task), seq: Number(seq) });
          if (this.on) this.windowBytes += body.length;
        }
        return body;
      },
      put: (key, body) => {
        this.count(kindOf('PUT', key));
        return store.put(key, body);
      },
      create: (key, body) => store.create(key, body),
      getVersioned: (key) => store.getVersioned(key),
      swap: async (key, body, etag) => {
        this.count(kindOf('PUT', key));
        const next = await store.swap(key, body, etag);
        if (key === control) this.startAt ??= (JSON.parse(String(body)) as { startAt: number | null }).startAt;
        if (key === checkpoint && this.on) {
          this.checkpoint = { bytes: body.length, ms: performance.now() - this.checkpointFrom };
        }
        return next;
      },
    };
  }

  clock(clock: Clock): Clock {
    return {
      now: () => {
        this.lookedAt = performance.now();
        return clock.now();
      },
      sleep: (ms) => clock.sleep(ms),
    };
  }

  compression({ zip, unzip }: Compression): Compression {
    return {
      // Only a checkpoint is zipped, and its JSON is made between a look at the clock and this call.
      zip: (text) => {
        this.checkpointFrom = this.lookedAt;
        return zip(text);
      },
      unzip: async (body) => {
        const text = await unzip(body);
        const window = this.keysOf.get(body);
        if (window !== undefined) this.merged(window.task, window.seq); // which takes a millisecond or two from here
        return text;
      },
    };
  }

  /** Measures for so many seconds from now on. */
  async measure(seconds: number): Promise<LegFigures> {
    this.on = true;
    const from = performance.now();
    const before = process.cpuUsage();
    let rss = 0;
    for (let nr = 1; nr <= seconds; nr++) {
      await new Promise((resolve) => setTimeout(resolve, from + nr * 1000 - performance.now()));
      for (const until of this.newest.values()) this.ages.push((Date.now() - until) / 1000);
      rss = Math.max(rss, process.memoryUsage.rss());
    }
    this.on = false;
    const { user, system } = process.cpuUsage(before);
    const wallSeconds = (performance.now() - from) / 1000;
    return {
      cpu: (user + system) / 1e6 / wallSeconds,
      delay: quantiles(this.delays),
      age: quantiles(this.ages),
      perSecond: Object.fromEntries(Object.entries(this.counts).map(([kind, count]) => [kind, count / wallSeconds])),
      windowBytes: this.windowBytes / (this.counts['GET window'] ?? 1),
      checkpoint: this.checkpoint,
      rss,
    };
  }

  private merged(task: number, seq: number): void {
    if (this.startAt === null) return;
    this.newest.set(task, this.startAt + measuredUntil(this.shape, task, seq));
    if (this.on) this.delays.push((Date.now() - this.startAt - storedAfter(this.shape, task, seq)) / 1000);
  }

  private count(kind: string): void {
    if (this.on) this.counts[kind] = (this.counts[kind] ?? 0) + 1;
  }
}

const WINDOW = /\/tasks\/(\d+)\/0\/(\d{6})\.json\.gz$/;

/** All zero without values. @internal exported for its test */
export function quantiles(values: readonly number[]): Quantiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { median: at(0.5), p95: at(0.95), max: sorted.at(-1) ?? 0 };
}
