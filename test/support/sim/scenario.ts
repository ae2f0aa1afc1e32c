import { planOf } from './plan.ts';
import type { CoordinatorScript, Scenario } from './world.ts';

/** One coordinator without a fault. */
export const calm: CoordinatorScript = { startMs: 0, crashes: [] };

export const scenario = (part: Partial<Scenario> = {}): Scenario => ({
  plan: planOf(),
  seed: 1,
  latencyMs: 10,
  faults: [],
  stopMs: null,
  coordinators: [calm],
  ...part,
});
