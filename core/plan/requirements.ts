import { z } from 'zod';
import { Threshold, ThresholdKey } from '../contract/plan.ts';

/** What `k6 x fleet plan` answers: the script's needs, split by k6's own rules. */
export const Requirements = z.object({
  thresholds: z.array(ThresholdKey),
  /** Those of options.ext.fleet.target, by series. */
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
  /** For how long the load is planned to be more than half of the way from its initial level to its peak, ms. */
  peakMs: z.number(),
  vus: z.number().int(),
  maxVUs: z.number().int(),
  iterations: z.number().int().nullable(),
  /** Scenarios of the arrival-rate executors, which k6 stripes over the tasks by maxVUs. */
  arrivalRate: z.array(z.object({ scenario: z.string(), maxVUs: z.number().int() })),
});
export type Requirements = z.infer<typeof Requirements>;

/** What `k6 inspect` says of the script's options, as far as a fleet needs them. */
export const ScriptOptions = z.looseObject({
  rps: z.number().nullable().optional(),
  setupTimeout: z.string().nullable().optional(),
  teardownTimeout: z.string().nullable().optional(),
  summaryTrendStats: z.array(z.string()).nullable().optional(),
  summaryTimeUnit: z.string().nullable().optional(),
  /** CIDR. */
  blacklistIPs: z.array(z.string()).nullable().optional(),
  ext: z.looseObject({ fleet: z.unknown().optional() }).nullable().optional(),
});
export type ScriptOptions = z.infer<typeof ScriptOptions>;
