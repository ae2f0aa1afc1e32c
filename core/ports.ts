/** The interfaces that the core needs and that stores/, fleets/ and targets/ implement. */
import type { TargetEvent, TargetReading } from './contract/result.ts';

/** A contested object and the mark of this version of it. */
export interface Versioned {
  body: Uint8Array;
  etag: string;
}

/** Where a run's files lie. Keys are relative, with `/` between their parts. */
export interface Store {
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
  /** Starts one task. @throws Error with one clear line where it cannot. */
  launch(ref: TaskRef): Promise<void>;
  /** Whether that task still exists. A task that was never launched is gone. */
  liveness(ref: TaskRef): Promise<TaskLiveness>;
  /** Ends a task at once, and its k6 with it. No error where it is gone. */
  kill(ref: TaskRef): Promise<void>;
}

/** Reads how the target scales. */
export interface TargetObserver {
  /** @throws Error where the target's state cannot be read now; the next reading is tried all the same. */
  observe(): Promise<{ reading: TargetReading; events: TargetEvent[] }>;
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
