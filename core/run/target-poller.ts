import type { Clock, TargetObserver } from '../ports.ts';
import { addObservation } from './observations.ts';
import { type RunState, warn } from './state.ts';

/** How long the end of a run waits for the last reading, ms. */
const LAST_READING_MS = 10_000;

export interface TargetPollerOptions {
  /** Null: the target is not observed. */
  observer: TargetObserver | null;
  clock: Clock;
  intervalMs: number;
}

/**
 * Reads the target concurrently with the ticks, one reading at a time, so that a slow observer holds nothing up; one
 * that fails costs a warning. All it learns is in the state, where a reading that comes twice counts once: a successor
 * starts a poller of its own, and loses at most the reading under way.
 */
export class TargetPoller {
  private reading: Promise<void> | null = null;
  private dueAt = 0;
  private closed = false;

  constructor(
    private readonly state: RunState,
    private readonly options: TargetPollerOptions,
  ) {}

  /** Starts a reading if one is due and none is under way. */
  pollIfDue(): void {
    const { clock, intervalMs } = this.options;
    const now = clock.now();
    if (this.reading !== null || now < this.dueAt) return;
    this.dueAt = now + intervalMs;
    this.startReading();
  }

  /** Reads the target a last time, if it answers soon, then closes. */
  async readLast(): Promise<void> {
    const { clock, observer } = this.options;
    if (observer === null) return;
    await Promise.race([this.lastReading(), clock.sleep(LAST_READING_MS)]);
    this.close();
  }

  /** Discards the reading under way: the state no longer changes. */
  close(): void {
    this.closed = true;
  }

  private async lastReading(): Promise<void> {
    await this.reading;
    this.startReading();
    await this.reading;
  }

  private startReading(): void {
    const { observer } = this.options;
    if (observer === null) return;
    this.reading = this.read(observer).finally(() => {
      this.reading = null;
    });
  }

  private async read(observer: TargetObserver): Promise<void> {
    try {
      const observation = await observer.observe(this.state.begunAt);
      if (!this.closed) addObservation(this.state, observation);
    } catch (error) {
      if (!this.closed) warn(this.state, `the target's scaling could not be read: ${(error as Error).message}`);
    }
  }
}
