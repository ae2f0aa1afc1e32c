import type { Control } from '../core/contract/control.ts';
import type { RunFiles } from '../core/contract/run-files.ts';
import type { TaskRef } from '../core/ports.ts';

/**
 * Why a worker shuts down before the run is finished: no coordinator renewed the lease, another attempt replaced this one,
 * or the platform sent SIGTERM.
 */
export type ShutdownReason = 'lease' | 'replaced' | 'signal';

/** Why the load or a job of a task ended early, as the result and warnings of the run quote it. */
export const SHUTDOWN_MESSAGE: Record<ShutdownReason, string> = {
  lease: 'it stopped by itself, since no coordinator renewed its lease',
  replaced: 'another attempt has replaced it',
  signal: 'the platform stopped the task (SIGTERM: a Spot interruption, or somebody stopped it)',
};

/**
 * By which share of the interval a poll may come early. A thousand workers must not poll at the same time, and responses
 * at varying fractions of a second bound the store's clock more tightly. Never late: the start is three intervals ahead.
 */
const JITTER = 0.2;

/** Polls control.json, and decides when this worker must shut down. Errors of the store count as no news until the lease ends. */
export class ControlPoller {
  current: Control | null = null;
  /** Set once the worker must shut down; the first reason stays. */
  shutdownReason: ShutdownReason | null = null;

  private waiters: { done: (control: Control) => boolean; resolve: () => void }[] = [];
  private timer: NodeJS.Timeout | null = null;
  private etag: string | null = null;
  /** Unix ms; before control.json has been read, one lease from now. */
  private leaseUntil: number;

  constructor(
    private readonly files: RunFiles,
    private readonly ref: TaskRef,
    private readonly options: { controlPollIntervalMs: number; leaseMs: number },
    /** Unix ms by the store's clock. */
    private readonly now: () => number = Date.now,
  ) {
    this.leaseUntil = now() + options.leaseMs;
  }

  /** Polls once, then starts to poll at intervals. */
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

  /** Resolves once control.json satisfies the condition, or the worker must shut down. */
  until(done: (control: Control) => boolean): Promise<void> {
    if (this.satisfied(done)) return Promise.resolve();
    return new Promise((resolve) => this.waiters.push({ done, resolve }));
  }

  /** Makes the worker shut down. */
  shutdown(reason: ShutdownReason): void {
    this.shutdownReason ??= reason;
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
      // The store is unavailable or the file damaged: tolerated until the lease ends.
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
