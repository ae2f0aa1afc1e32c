import type { Clock } from '../../../core/ports.ts';

/** Virtual time, which advances only when nothing else can happen: a minute of a run takes milliseconds. */
export class VirtualClock implements Clock {
  private time = Date.UTC(2026, 0, 1);
  private readonly sleepers = new Heap();

  now(): number {
    return this.time;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((wake) => this.sleepers.push(this.time + Math.max(0, ms), wake));
  }

  /**
   * Advances the time until the work is done.
   * @throws Error if the work waits and nothing sleeps, or if it takes longer than `limitMs` of virtual time
   */
  async drive<T>(work: Promise<T>, limitMs: number): Promise<T> {
    const limit = this.time + limitMs;
    let over = false;
    const mark = () => {
      over = true;
    };
    work.then(mark, mark);
    for (;;) {
      await new Promise(setImmediate); // every promise that can settle has settled then
      if (over) return work;
      const next = this.sleepers.pop();
      if (next === null) throw new Error('the run waits, but nothing sleeps');
      if (next.at > limit) throw new Error(`the run did not end within ${limitMs / 1000} s of virtual time`);
      this.time = next.at;
      next.wake();
    }
  }
}

interface Sleeper {
  at: number;
  /** Order of the calls of `sleep`. */
  nr: number;
  wake: () => void;
}

const isBefore = (a: Sleeper, b: Sleeper) => a.at < b.at || (a.at === b.at && a.nr < b.nr);

/** Sleepers by the time they wake, then by the order in which they fell asleep. A binary heap, for a thousand workers. */
class Heap {
  private readonly heap: Sleeper[] = [];
  private count = 0;

  push(at: number, wake: () => void): void {
    const { heap } = this;
    const sleeper = { at, nr: this.count++, wake };
    let index = heap.length;
    for (; index > 0; ) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as Sleeper;
      if (!isBefore(sleeper, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = sleeper;
  }

  pop(): Sleeper | null {
    const { heap } = this;
    const [first] = heap;
    const last = heap.pop();
    if (first === undefined || last === undefined) return null;
    if (heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      const right = heap[child + 1];
      if (right !== undefined && isBefore(right, heap[child] as Sleeper)) child += 1;
      const below = heap[child];
      if (below === undefined || !isBefore(below, last)) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}
