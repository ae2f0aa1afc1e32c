/** The capacity of one task: 12 requests in service at 40 ms each are 300 requests/s. */
export interface TaskSize {
  /** Requests in service at once. */
  slots: number;
  /** Requests that may wait; further ones are refused. */
  queue: number;
}

/** With 500 waiting requests each, two tasks hold 1,000 closed-loop clients: a spike is slow at first, not all errors. */
export const TASK_SIZE: TaskSize = { slots: 12, queue: 500 };

type Serve = () => void;

/**
 * The requests in service and in the queue of all running tasks, as behind a load balancer that always finds a task with
 * room. A task that is removed finishes its requests: requests in service are never dropped.
 */
export class Capacity {
  private running = 0;
  private busy = 0;
  private readonly waiting: Serve[] = [];
  /** Index of the queue's head: `shift()` on a long array is O(n). */
  private head = 0;
  private busyMs = 0;
  private availableMs = 0;
  private since: number;

  /** @param now a clock in ms */
  constructor(
    private readonly size: TaskSize,
    private readonly now: () => number,
  ) {
    this.since = now();
  }

  get inService(): number {
    return this.busy;
  }

  get queued(): number {
    return this.waiting.length - this.head;
  }

  /** Sets how many tasks run; waiting requests enter new slots at once. */
  resize(running: number): void {
    this.accumulate();
    this.running = running;
    this.fillSlots();
  }

  /** Calls `serve` once a slot is free, perhaps at once. False: slots and queue are full, and the request is refused. */
  admit(serve: Serve): boolean {
    const hasFreeSlot = this.busy < this.running * this.size.slots;
    if (!hasFreeSlot && this.queued >= this.running * this.size.queue) return false;
    this.waiting.push(serve);
    this.fillSlots();
    return true;
  }

  /** A request has left service. */
  release(): void {
    this.accumulate();
    this.busy -= 1;
    this.fillSlots();
  }

  /** The average share of slots in use since the last call, 0 to 1; null: there were no slots. */
  takeUtilization(): number | null {
    this.accumulate();
    const utilization = this.availableMs > 0 ? Math.min(1, this.busyMs / this.availableMs) : null;
    this.busyMs = 0;
    this.availableMs = 0;
    return utilization;
  }

  private fillSlots(): void {
    this.accumulate();
    while (this.busy < this.running * this.size.slots) {
      const serve = this.waiting[this.head];
      if (!serve) break;
      this.head += 1;
      this.busy += 1;
      serve();
    }
    if (this.head === this.waiting.length) {
      this.waiting.length = 0;
      this.head = 0;
    } else if (this.head > 1000) {
      this.waiting.splice(0, this.head);
      this.head = 0;
    }
  }

  /** Adds the time since the last change to the two integrals whose ratio is the utilization. */
  private accumulate(): void {
    const elapsed = this.now() - this.since;
    this.since += elapsed;
    this.busyMs += this.busy * elapsed;
    this.availableMs += this.running * this.size.slots * elapsed;
  }
}
