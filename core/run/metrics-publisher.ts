/** Shows the vital signs elsewhere, beside the ticks: nobody there may hold up the run. */

import { CONDITIONS, type Vitals } from '../contract/interval-metrics.ts';
import type { Plan } from '../contract/plan.ts';
import type { Merged } from '../metrics/run-metrics.ts';
import type { Clock, Monitor } from '../ports.ts';
import { VitalSigns } from './report/interval-metrics.ts';
import { type RunState, warn } from './state.ts';

/** A standard metric of CloudWatch has one value a minute, made of whatever came in it; an alarm looks no closer. */
const SHOW_MS = 10_000;
/** How long the end of a leg waits for what is still to be shown, ms. */
const LAST_SHOW_MS = 5000;

export class VitalsFeed {
  private readonly signs: VitalSigns | null;
  private showing: Promise<void> | null = null;
  private dueAt: number;

  constructor(
    private readonly options: { plan: Plan; monitor: Monitor | null; clock: Clock },
    private readonly state: RunState,
    private readonly merged: Merged,
  ) {
    this.signs = options.monitor === null ? null : new VitalSigns(options.plan, merged);
    this.dueAt = options.clock.now() + SHOW_MS;
  }

  /** Shows the interval since the last time, once it is over. */
  poll(): void {
    const now = this.options.clock.now();
    if (now < this.dueAt || this.showing !== null) return;
    this.dueAt = now + SHOW_MS;
    this.show(this.next(now));
  }

  /**
   * Shows what a leg has still to show.
   * @param save keeps what the leg knows, before anything is shown of it: no interval is told twice
   */
  async endLeg(save: () => Promise<void>): Promise<void> {
    await this.settle();
    const vitals = this.next(this.options.clock.now());
    await save();
    this.show(vitals);
    await this.settle();
  }

  /** Shows that the run is over. */
  async endRun(): Promise<void> {
    await this.endLeg(async () => {});
    this.show(this.signs?.last(this.options.clock.now()) ?? null);
    await this.settle();
  }

  /** The signs of the interval up to now; what they raise is in the state. */
  private next(now: number): Vitals | null {
    const vitals = this.signs?.next(this.state, this.merged, now) ?? null;
    for (const condition of CONDITIONS) {
      if (vitals?.conditions[condition] && !this.state.raised.includes(condition)) this.state.raised.push(condition);
    }
    return vitals;
  }

  private show(vitals: Vitals | null): void {
    const { monitor } = this.options;
    if (monitor === null || vitals === null) return;
    const shown = monitor
      .show(vitals)
      .catch((error: Error) => warn(this.state, `the vital signs could not be shown: ${error.message}`))
      .finally(() => {
        if (this.showing === shown) this.showing = null;
      });
    this.showing = shown;
  }

  private async settle(): Promise<void> {
    if (this.showing !== null) await Promise.race([this.showing, this.options.clock.sleep(LAST_SHOW_MS)]);
  }
}
