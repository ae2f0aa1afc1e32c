/** Reads the target beside the ticks: one that answers slowly must not hold up the run. */
import type { Clock, TargetObserver } from '../ports.ts';
import { addObservation } from './observations.ts';
import { type RunState, warn } from './state.ts';

/** How long the end of a run waits for the last reading, ms. */
const LAST_READING_MS = 10_000;

export class TargetPoller {
  private reading: Promise<void> | null = null;
  private dueAt = 0;
  private closed = false;

  constructor(
    private readonly options: { observer: TargetObserver | null; clock: Clock; everyMs: number },
    private readonly state: RunState,
  ) {}

  /** Begins a reading where one is due and none is under way. */
  poll(): void {
    const { clock, everyMs } = this.options;
    const now = clock.now();
    if (this.reading !== null || now < this.dueAt) return;
    this.dueAt = now + everyMs;
    this.begin();
  }

  /** Reads the target a last time, if it answers soon: what happened since the last reading belongs to the run. */
  async readLast(): Promise<void> {
    const { clock } = this.options;
    if (this.options.observer === null) return;
    await Promise.race([this.lastReading(), clock.sleep(LAST_READING_MS)]);
    this.close();
  }

  /** What is being read now no longer counts. */
  close(): void {
    this.closed = true;
  }

  private async lastReading(): Promise<void> {
    await this.reading;
    this.begin();
    await this.reading;
  }

  private begin(): void {
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
