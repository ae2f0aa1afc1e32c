import type { Clock } from './ports.ts';

/** When periodic work is due, by name. */
export class Schedule<Name extends string> {
  private readonly due = new Map<Name, number>();

  constructor(private readonly clock: Clock) {}

  /**
   * Whether the work is due; the first time it is due at once. If it is, it is due again `everyMs` after it was due, not
   * after now, so that late ticks do not add up; but at least `everyMs / 2` from now, so that missed times are skipped.
   */
  isDue(what: Name, everyMs: number): boolean {
    const now = this.clock.now();
    const due = this.due.get(what) ?? now;
    if (now < due) return false;
    this.due.set(what, Math.max(due + everyMs, now + everyMs / 2));
    return true;
  }

  /** Makes the work due `byMs` from now. */
  postpone(what: Name, byMs: number): void {
    this.due.set(what, this.clock.now() + byMs);
  }
}
