import type { Clock } from '../../../../core/ports.ts';

/** Time that passes only when nothing else can happen: a minute of a run takes milliseconds. */
export class VirtualClock implements Clock {
  private time = Date.UTC(2026, 0, 1);
  private readonly sleepers: { at: number; wake: () => void }[] = [];

  now(): number {
    return this.time;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((wake) => this.sleepers.push({ at: this.time + Math.max(0, ms), wake }));
  }

  /**
   * Lets time pass until the work is done.
   * @throws Error where nothing is left that could go on, or it takes longer than `limitMs` of virtual time.
   */
  async drive<T>(work: Promise<T>, limitMs: number): Promise<T> {
    const limit = this.time + limitMs;
    let over = false;
    const mark = () => {
      over = true;
    };
    work.then(mark, mark);
    for (;;) {
      await new Promise(setImmediate); // after it every promise that can settle has
      if (over) return work;
      const next = this.takeNext();
      if (next === null) throw new Error('the run waits for something that never comes');
      if (next.at > limit) throw new Error(`the run did not end within ${limitMs / 1000} s of virtual time`);
      this.time = next.at;
      next.wake();
    }
  }

  /** The sleeper that wakes first; of several, the one that slept first. */
  private takeNext() {
    let first = 0;
    this.sleepers.forEach(({ at }, index) => {
      if (at < (this.sleepers[first]?.at ?? 0)) first = index;
    });
    return this.sleepers.splice(first, 1)[0] ?? null;
  }
}
