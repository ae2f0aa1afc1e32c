/** The interfaces that the core depends on; stores/, fleets/ and observers/ implement them. */

import type { IntervalMetrics } from './contract/interval-metrics.ts';
import type { AlarmTransition, TargetEvent, TargetReading, TargetSample } from './contract/result.ts';

/** One version of a contested object. */
export interface Versioned {
  body: Uint8Array;
  etag: string;
}

/** Holds the files of runs. Keys are relative, with `/` between their parts. */
export interface Store {
  /** How far the store's clock is ahead of this machine's, ms. Absent: both are the same clock. */
  readonly clock?: { offsetMs(): number };
  /** The object, or null if there is none. */
  get(key: string): Promise<Uint8Array | null>;
  /** Writes an object that has one writer, atomically: readers see the old or the new version. */
  put(key: string, body: Uint8Array | string): Promise<void>;
  /** Writes an object if there is none. @returns false if there was one */
  create(key: string, body: Uint8Array | string): Promise<boolean>;
  /** A contested object, or null if there is none. Only for keys that are written by `swap`. */
  getVersioned(key: string): Promise<Versioned | null>;
  /**
   * Compare-and-swap: replaces exactly the version with this etag; null creates the object if there is none.
   * @returns the new etag, or null if another writer was first
   */
  swap(key: string, body: Uint8Array | string, etag: string | null): Promise<string | null>;
}

export interface TaskRef {
  task: number;
  attempt: number;
}

/** `refused`: the platform has no capacity for the task at the moment; a later attempt may find some. */
export type LaunchResult = { state: 'launched' } | { state: 'refused'; reason: string };

/** Whether a task exists, as the platform sees it; what the task itself reports is its `TaskStatus`. */
export type TaskLiveness = { state: 'alive' } | { state: 'gone'; reason: string };

/** Starts and stops tasks. */
export interface Fleet {
  /**
   * Starts one task. Idempotent: the same ref gives the same task.
   * @throws Error, one clear line, if the task can never be started
   */
  launch(ref: TaskRef): Promise<LaunchResult>;
  /** A task that was never launched is gone. */
  liveness(ref: TaskRef): Promise<TaskLiveness>;
  /** Kills a task and its k6. No error if it is gone. */
  kill(ref: TaskRef): Promise<void>;
  /** Kills every task of the run, even one that no coordinator knows of. Absent: `kill` of each task is enough. */
  killAll?(): Promise<void>;
}

/** What an observer has read. Entries that are repeated with the same time count once. */
export interface Observation {
  /** Null: the observer does not count tasks. */
  reading: TargetReading | null;
  events: TargetEvent[];
  /** May lag by minutes. */
  samples: TargetSample[];
  alarms: AlarmTransition[];
  /** How many tasks the target may scale to; absent: unknown. */
  maximum?: number;
}

/** Reads how the target scales. Keeps nothing that the next coordinator of the run needs. */
export interface TargetObserver {
  /**
   * @param since when the run started, Unix ms; older events may be left out
   * @throws Error if the target cannot be read now; the next reading is attempted all the same
   */
  observe(since: number): Promise<Observation>;
}

/** Publishes a run's interval metrics, such as to CloudWatch. */
export interface MetricsSink {
  /** @throws Error if they cannot be published now; the run continues */
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
