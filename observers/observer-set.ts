import type { Observation, TargetObserver } from '../core/ports.ts';

/**
 * Several observers as one. A failing observer does not hide what the others read: its error becomes an event, reported
 * once until it succeeds again.
 */
export class ObserverSet implements TargetObserver {
  /** The last error of each observer that fails now. */
  private readonly failing = new Map<TargetObserver, string>();

  constructor(
    private readonly observers: readonly TargetObserver[],
    private readonly now: () => number = Date.now,
  ) {}

  /** @throws Error if all observers fail */
  async observe(since: number): Promise<Observation> {
    const outcomes = await Promise.all(this.observers.map((observer) => attempt(observer, since)));
    const combined: Observation = { reading: null, events: [], samples: [], alarms: [] };
    const errors: Error[] = [];
    for (const { observer, result } of outcomes) {
      if (!(result instanceof Error)) {
        this.failing.delete(observer);
        add(combined, result);
        continue;
      }
      errors.push(result);
      const { message } = result;
      if (this.failing.get(observer) !== message) combined.events.push({ at: this.now(), message });
      this.failing.set(observer, message);
    }
    if (errors.length > 0 && errors.length === this.observers.length) throw errors[0];
    return combined;
  }
}

async function attempt(observer: TargetObserver, since: number) {
  try {
    return { observer, result: await observer.observe(since) };
  } catch (error) {
    return { observer, result: error as Error };
  }
}

/** The first reading and the first maximum count. */
function add(combined: Observation, { reading, events, samples, alarms, maximum }: Observation): void {
  combined.reading ??= reading;
  if (maximum !== undefined) combined.maximum ??= maximum;
  combined.events.push(...events);
  combined.samples.push(...samples);
  combined.alarms.push(...alarms);
}
