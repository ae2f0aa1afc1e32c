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
