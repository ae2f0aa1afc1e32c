/** The interfaces that the core needs and that stores/, fleets/ and targets/ implement. */

import type { IntervalMetrics } from './contract/interval-metrics.ts';
import type { AlarmTransition, TargetEvent, TargetReading, TargetSample } from './contract/result.ts';

/** A contested object and the mark of this version of it. */
export interface Versioned {
  body: Uint8Array;
  etag: string;
}

/** Where a run's files lie. Keys are relative, with `/` between their parts. */
export interface Store {
  /** How far the store's clock is ahead of this machine's, ms. Absent: they are the same clock. */
  readonly clock?: { offsetMs(): number };
  /** The object, or null where there is none. */
  get(key: string): Promise<Uint8Array | null>;
  /** Writes an object that has one writer; readers see the old or the new one whole. */
  put(key: string, body: Uint8Array | string): Promise<void>;
  /** Writes an object only where there is none. False: there was one. */
  create(key: string, body: Uint8Array | string): Promise<boolean>;
  /** A contested object, or null where there is none. Only for keys that are written by `swap`. */
  getVersioned(key: string): Promise<Versioned | null>;
  /**
   * Replaces exactly the version that `etag` marks; null: only where there is none.
   * Returns the new etag, or null where somebody else was first.
   */
  swap(key: string, body: Uint8Array | string, etag: string | null): Promise<string | null>;
}

export interface TaskRef {
  task: number;
  attempt: number;
}

/** What a fleet knows of a task, apart from the task's own word. */
export type TaskLiveness = { state: 'alive' } | { state: 'gone'; reason: string };

/** Starts and stops tasks. */
export interface Fleet {
  /**
   * Starts one task. Twice the same ref gives one task.
   * @returns null, or why the platform has no room for it at this moment: another attempt may find some
   * @throws Error with one clear line where it can never be started
   */
  launch(ref: TaskRef): Promise<string | null>;
  /** Whether that task still exists. A task that was never launched is gone. */
  liveness(ref: TaskRef): Promise<TaskLiveness>;
  /** Ends a task at once, and its k6 with it. No error where it is gone. */
  kill(ref: TaskRef): Promise<void>;
  /** Ends whatever the run has launched, also what no coordinator knows of. Absent: `kill` of each task does. */
  killAll?(): Promise<void>;
}

/** What an observer has read. Whatever it tells again, with the same time, counts once. */
export interface Observation {
  /** Null: it does not count tasks. */
  reading: TargetReading | null;
  events: TargetEvent[];
  /** May lag behind by minutes. */
  samples: TargetSample[];
  alarms: AlarmTransition[];
  /** To how many tasks the target may scale; absent: not known. */
  maximum?: number;
}

/** Reads how the target scales. Keeps nothing that the next coordinator of the run would need. */
export interface TargetObserver {
  /**
   * @param since Unix ms: when the run was begun; what is older is of no interest
   * @throws Error where the target's state cannot be read now; the next reading is tried all the same.
   */
  observe(since: number): Promise<Observation>;
}

/** Shows a run's vital signs elsewhere, such as in CloudWatch. */
export interface MetricsSink {
  /** @throws Error where they cannot be shown now; the run goes on. */
  publish(interval: IntervalMetrics): Promise<void>;
}

export interface Clock {
  /** Unix ms. */
  now(): number;
  sleep(ms: number): Promise<void>;
}

export interface Compression {
  zip(body: string): Promise<Uint8Array>;
  unzip(body: Uint8Array): Promise<Uint8Array>;
}
