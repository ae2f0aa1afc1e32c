/** What one task can take. 12 requests in service at 40 ms each are 300 requests/s. */
export interface TaskSize {
  /** Requests in service at once. */
  slots: number;
  /** Requests that may wait; any more are refused. */
  queue: number;
}

/** 500 waiting requests a task let two tasks hold 1,000 closed-loop clients: a spike is slow at first, not all errors. */
export const TASK_SIZE: TaskSize = { slots: 12, queue: 500 };

type Serve = () => void;

/**
 * The requests in service and in the queue of all running tasks, as behind a load balancer that always finds the task
 * with room. A task that is taken away finishes what it has: requests in service are never dropped, they only stop
 * making room for others.
 */
export class Capacity {
  #running = 0;
  #inService = 0;
  readonly #waiting: Serve[] = [];
  /** Index of the queue's head: `shift()` on a long array moves all of it. */
  #head = 0;
  #busyMs = 0;
  #slotMs = 0;
  #since: number;

  /** @param now a clock in ms */
  constructor(
    private readonly size: TaskSize,
    private readonly now: () => number,
  ) {
    this.#since = now();
  }

  get inService(): number {
    return this.#inService;
  }

  get queued(): number {
    return this.#waiting.length - this.#head;
  }

  /** Sets how many tasks run; waiting requests move up into new slots at once. */
  resize(running: number): void {
    this.#account();
    this.#running = running;
    this.#advance();
  }

  /** Calls `serve` once a slot is free, perhaps at once. False: in service and queue are full, refuse the request. */
  admit(serve: Serve): boolean {
    const roomy = this.#inService < this.#running * this.size.slots;
    if (!roomy && this.queued >= this.#running * this.size.queue) return false;
    this.#waiting.push(serve);
    this.#advance();
    return true;
  }

  /** A request has left service. */
  release(): void {
    this.#account();
    this.#inService -= 1;
    this.#advance();
  }

  /** The share of all slots that was in service since the last call, 0 to 1; null: there were no slots. */
  takeUtilization(): number | null {
    this.#account();
    const utilization = this.#slotMs > 0 ? Math.min(1, this.#busyMs / this.#slotMs) : null;
    this.#busyMs = 0;
    this.#slotMs = 0;
    return utilization;
  }

  #advance(): void {
    this.#account();
    while (this.#inService < this.#running * this.size.slots) {
      const serve = this.#waiting[this.#head];
      if (!serve) break;
      this.#head += 1;
      this.#inService += 1;
      serve();
    }
    if (this.#head === this.#waiting.length) {
      this.#waiting.length = 0;
      this.#head = 0;
    } else if (this.#head > 1000) {
      this.#waiting.splice(0, this.#head);
      this.#head = 0;
    }
  }

  /** Adds the time since the last change to the integrals whose ratio is the utilization. */
  #account(): void {
    const elapsed = this.now() - this.#since;
    this.#since += elapsed;
    this.#busyMs += this.#inService * elapsed;
    this.#slotMs += this.#running * this.size.slots * elapsed;
  }
}
