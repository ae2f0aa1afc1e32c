import { z } from 'zod';
import { K6Exit } from '../contract/exit-codes.ts';
import { UserError } from '../errors.ts';
import { parseTarget, type TargetOptions } from '../scaling/target-options.ts';

/** `options.ext.fleet` of a script. */
export interface FleetOptions {
  tasks?: number | 'auto' | null | undefined;
  name?: string | null | undefined;
  maxLost?: number | null | undefined;
  target?: TargetOptions | undefined;
}

// A script's undefined arrives as null: k6 passes options on as JSON.
const Schema = z.strictObject({
  tasks: z.union([z.number().int().positive(), z.literal('auto')]).nullish(),
  name: z.string().min(1).max(64).nullish(),
  maxLost: z.number().int().nonnegative().nullish(),
  target: z.unknown().nullish(),
});

/** @throws UserError (104) that names the option, its value and what is allowed. */
export function parseFleetOptions(raw: unknown): FleetOptions {
  if (raw === undefined || raw === null) return {};
  const parsed = Schema.safeParse(raw);
  if (!parsed.success) throw new UserError(describe(parsed.error.issues[0], raw), K6Exit.invalidConfig);
  const { target, ...rest } = parsed.data;
  if (target === undefined || target === null) return rest;
  return { ...rest, target: parseTarget(target) };
}

function describe(issue: z.core.$ZodIssue | undefined, raw: unknown): string {
  const allowed = Object.keys(Schema.shape).join(', ');
  if (issue?.code === 'unrecognized_keys') {
    return `options.ext.fleet has an unknown option "${issue.keys.join('", "')}": use ${allowed}`;
  }
  const name = String(issue?.path[0] ?? '');
  const value = name === '' ? raw : (raw as Record<string, unknown>)[name];
  const rules: Record<string, string> = {
    tasks: 'a whole number of at least 1, or "auto"',
    name: 'a text of 1 to 64 characters',
    maxLost: 'a whole number of at least 0',
  };
  const rule = rules[name] ?? `an object with ${allowed}`;
  return `options.ext.fleet${name === '' ? '' : `.${name}`} is ${JSON.stringify(value)}: use ${rule}`;
}

/** Names the expectations that cannot be judged because nothing observes the target; null: there are none. */
export function unobservedWarning(target: TargetOptions | undefined): string | null {
  if (target === undefined || target.observe !== null) return null;
  const expectations = [
    ...(target.scaleOutWithinMs == null ? [] : ['scaleOutWithin']),
    ...(target.minPeakTasks === undefined ? [] : ['minPeakTasks']),
    ...(Object.values(target.thresholds ?? {}).some((list) => list.length > 0) ? ['thresholds'] : []),
  ];
  if (expectations.length === 0) return null;
  return `nothing observes the target, so ${listed(expectations)} cannot be judged: name an observer with --observe, such as demo:http://127.0.0.1:8080, or leave out the target's scaling with --observe none`;
}

const listed = (names: string[]): string => [...names.slice(0, -2), names.slice(-2).join(' and ')].join(', ');

const Count = z.number().nullable().optional();

/** What of a scenario decides its number of VUs. */
const Scenario = z.looseObject({
  executor: z.string(),
  vus: Count,
  startVUs: Count,
  preAllocatedVUs: Count,
  maxVUs: Count,
  stages: z
    .array(z.looseObject({ target: Count }))
    .nullable()
    .optional(),
});
export type Scenario = z.infer<typeof Scenario>;

/** The part of the script's options that a fleet needs, as `k6 inspect` prints them. */
export const ScriptOptions = z.looseObject({
  scenarios: z.record(z.string(), Scenario).nullable().optional(),
  rps: z.number().nullable().optional(),
  setupTimeout: z.string().nullable().optional(),
  teardownTimeout: z.string().nullable().optional(),
  handleSummaryTimeout: z.string().nullable().optional(),
  summaryTrendStats: z.array(z.string()).nullable().optional(),
  summaryTimeUnit: z.string().nullable().optional(),
  /** CIDR. */
  blacklistIPs: z.array(z.string()).nullable().optional(),
  ext: z.looseObject({ fleet: z.unknown().optional() }).nullable().optional(),
});
export type ScriptOptions = z.infer<typeof ScriptOptions>;
