import type { Clock } from '../ports.ts';

/** What is done every so often, by name. */
export class Schedule<Name extends string> {
  private readonly due = new Map<Name, number>();

  constructor(private readonly clock: Clock) {}

  /** Whether it is time; if so, the next time comes after `everyMs`. The first time is now. */
  isDue(what: Name, everyMs: number): boolean {
    const now = this.clock.now();
    if (now < (this.due.get(what) ?? 0)) return false;
    this.due.set(what, now + everyMs);
    return true;
  }

  /** Puts the next time off. */
  postpone(what: Name, byMs: number): void {
    this.due.set(what, this.clock.now() + byMs);
  }
}
