/** One piece of work for all who ask within a while: a thousand questions cost one sweep. */
export class SingleFlight {
  private last: { endedAt: number; done: Promise<void> } | null = null;

  /** @param everyMs how old an answer may be; work that takes longer than that is not begun anew beside itself */
  constructor(
    private readonly work: () => Promise<void>,
    private readonly everyMs: number,
    private readonly now: () => number,
  ) {}

  /** @throws whatever the work throws; the next one who asks starts it anew */
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
