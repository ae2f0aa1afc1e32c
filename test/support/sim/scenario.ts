import { planOf } from './plan.ts';
import type { Conductor, Scenario } from './world.ts';

/** One coordinator that nothing happens to. */
export const calm: Conductor = { startMs: 0, crashes: [] };

export const scenario = (part: Partial<Scenario> = {}): Scenario => ({
  plan: planOf(),
  seed: 1,
  latencyMs: 10,
  faults: [],
  stopMs: null,
  conductors: [calm],
  ...part,
});
