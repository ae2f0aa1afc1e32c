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

// A script's undefined arrives as null: k6 carries options as JSON.
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
