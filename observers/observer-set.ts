import type { Observation, TargetObserver } from '../core/ports.ts';

/**
 * Several observers as one. One that fails does not hide what the others see: it leaves an event that says so, once
 * until it works again.
 * @throws Error from `observe`, where all of them fail
 */
export function observers(parts: readonly TargetObserver[], now: () => number = Date.now): TargetObserver {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const failing = new Map<TargetObserver, string>();
  return {
    async observe(since) {
      const settled = await Promise.allSettled(parts.map((part) => part.observe(since)));
      const seen: Observation = { reading: null, events: [], samples: [], alarms: [] };
      const errors: unknown[] = [];
      settled.forEach((outcome, i) => {
        const part = parts[i] as TargetObserver;
        if (outcome.status === 'fulfilled') {
          failing.delete(part);
          add(seen, outcome.value);
          return;
        }
        errors.push(outcome.reason);
        const message = (outcome.reason as Error).message;
        if (failing.get(part) !== message) seen.events.push({ at: now(), message });
        failing.set(part, message);
      });
      if (parts.length > 0 && errors.length === parts.length) throw errors[0];
      return seen;
    },
  };
}

function add(seen: Observation, { reading, events, samples, alarms, maximum }: Observation): void {
  seen.reading ??= reading;
  if (maximum !== undefined) seen.maximum ??= maximum;
  seen.events.push(...events);
  seen.samples.push(...samples);
  seen.alarms.push(...alarms);
}
