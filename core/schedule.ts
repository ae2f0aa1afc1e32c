import type { Clock } from './ports.ts';

/** What is done every so often, by name. */
export class Schedule<Name extends string> {
  private readonly due = new Map<Name, number>();

  constructor(private readonly clock: Clock) {}

  /**
   * Whether it is time; if so, the next time comes `everyMs` after this one was due: a tick that comes a little early
   * skips none for ever. The first time is now; what was missed is not made up for, and half of `everyMs` passes at
   * least.
   */
  isDue(what: Name, everyMs: number): boolean {
    const now = this.clock.now();
    const due = this.due.get(what) ?? now;
    if (now < due) return false;
    this.due.set(what, Math.max(due + everyMs, now + everyMs / 2));
    return true;
  }

  /** Puts the next time off. */
  postpone(what: Name, byMs: number): void {
    this.due.set(what, this.clock.now() + byMs);
  }
}
