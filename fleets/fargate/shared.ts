/** One piece of work for all who ask within a while: a thousand questions cost one sweep. */
export class Shared {
  private last: { at: number; done: Promise<void> } | null = null;

  /** @param everyMs how old an answer may be */
  constructor(
    private readonly work: () => Promise<void>,
    private readonly everyMs: number,
    private readonly now: () => number,
  ) {}

  /** @throws whatever the work throws; the next one who asks starts it anew */
  get(): Promise<void> {
    const { last } = this;
    if (last !== null && this.now() - last.at < this.everyMs) return last.done;
    return this.renew();
  }

  renew(): Promise<void> {
    const started = { at: this.now(), done: this.work() };
    this.last = started;
    started.done.catch(() => {
      if (this.last === started) this.last = null;
    });
    return started.done;
  }
}
