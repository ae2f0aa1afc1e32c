import { z } from 'zod';
import { ScenarioPlan, Threshold, ThresholdKey } from '../contract/plan.ts';

/** The output of `k6 x fleet plan`: the script's needs, split by k6's own rules. */
export const Requirements = z.object({
  thresholds: z.array(ThresholdKey),
  /** The thresholds of options.ext.fleet.target, by series. */
  targetThresholds: z.record(z.string(), z.array(Threshold)),
  sequence: z.string(),
  tasks: z.array(
    z.object({
      segment: z.string(),
      vus: z.number().int(),
      maxVUs: z.number().int(),
      iterations: z.number().int().nullable(),
    }),
  ),
  durationMs: z.number(),
  loadMs: z.number(),
  /** How long the planned load is more than halfway from its initial level to its peak, ms. */
  peakMs: z.number(),
  vus: z.number().int(),
  maxVUs: z.number().int(),
  iterations: z.number().int().nullable(),
  /** By start, then by name. */
  scenarios: z.array(ScenarioPlan),
  /** Scenarios of the arrival-rate executors, which k6 stripes over the tasks by maxVUs. */
  arrivalRate: z.array(z.object({ scenario: z.string(), maxVUs: z.number().int() })),
});
export type Requirements = z.infer<typeof Requirements>;
