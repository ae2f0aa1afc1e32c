import type { Control } from '../core/contract/control.ts';
import type { RunFiles } from '../core/contract/run-files.ts';
import type { TaskRef } from '../core/ports.ts';

/** Why a worker must leave without having been told to finish. */
export type ShutdownReason = 'lease' | 'replaced' | 'signal';

/**
 * By which share a poll may come early: a thousand workers must not ask in step, and answers at ever other places within
 * a second bound the store's clock the better. Never late: the start is three intervals ahead.
 */
const JITTER = 0.2;

/** Polls control.json and tells what it says. */
export class ControlPoller {
  current: Control | null = null;
  /** Set when the lease has run out or another attempt has taken this task's place. */
  shutdownReason: ShutdownReason | null = null;

  private waiters: { done: (control: Control) => boolean; resolve: () => void }[] = [];
  private timer: NodeJS.Timeout | null = null;
  private etag: string | null = null;
  /** Unix ms: the lease as last read, or a first grace where none could be read yet. */
  private leaseUntil: number;

  constructor(
    private readonly files: RunFiles,
    private readonly ref: TaskRef,
    private readonly options: { controlPollIntervalMs: number; leaseMs: number },
    /** The time by the store's clock. */
    private readonly now: () => number = Date.now,
  ) {
    this.leaseUntil = now() + options.leaseMs;
  }

  /** Starts to poll; reads once before it returns. */
  async start(): Promise<void> {
    await this.poll();
    const loop = () => {
      const wait = this.options.controlPollIntervalMs * (1 - JITTER * Math.random());
      this.timer = setTimeout(() => void this.poll().finally(() => this.timer !== null && loop()), wait);
    };
    loop();
  }

  stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  /** Resolves once control.json satisfies the condition, or the worker is dismissed. */
  until(done: (control: Control) => boolean): Promise<void> {
    if (this.satisfied(done)) return Promise.resolve();
    return new Promise((resolve) => this.waiters.push({ done, resolve }));
  }

  /** Makes the worker leave. */
  shutdown(why: ShutdownReason): void {
    this.shutdownReason ??= why;
    this.wake();
  }

  private satisfied(done: (control: Control) => boolean): boolean {
    return this.shutdownReason !== null || (this.current !== null && done(this.current));
  }

  private async poll(): Promise<void> {
    try {
      const changed = await this.files.control(this.etag);
      if (changed !== null) {
        this.current = changed.value;
        this.etag = changed.etag;
        this.leaseUntil = this.current.leaseUntil;
      }
    } catch {
      // Out of reach for the moment: the lease decides how long that may last.
    }
    if (this.now() > this.leaseUntil) this.shutdownReason ??= 'lease';
    const attempt = this.current?.attempts[this.ref.task];
    if (attempt !== undefined && attempt !== this.ref.attempt) this.shutdownReason ??= 'replaced';
    this.wake();
  }

  private wake(): void {
    const ready = this.waiters.filter((waiter) => this.satisfied(waiter.done));
    this.waiters = this.waiters.filter((waiter) => !ready.includes(waiter));
    for (const waiter of ready) waiter.resolve();
  }
}
