/** Shares one call of `work` among all callers within `everyMs`: a thousand callers cost one request. */
export class SingleFlight {
  private last: { endedAt: number; done: Promise<void> } | null = null;

  /** @param everyMs how old a result may be; a call that takes longer than that is not started a second time */
  constructor(
    private readonly work: () => Promise<void>,
    private readonly everyMs: number,
    private readonly now: () => number,
  ) {}

  /** @throws what the work throws; the next caller starts it again */
  get(): Promise<void> {
    const { last } = this;
    if (last !== null && this.now() - last.endedAt < this.everyMs) return last.done;
    const started = { endedAt: Number.POSITIVE_INFINITY, done: this.work() };
    this.last = started;
    started.done.then(
      () => {
        started.endedAt = this.now();
      },
      () => {
        this.last = null;
      },
    );
    return started.done;
  }
}
