import { z } from 'zod';
import { K6Exit } from '../contract/exit-codes.ts';
import type { TargetPlan } from '../contract/plan.ts';
import { parseDuration } from '../duration.ts';
import { UserError } from '../errors.ts';

const WHERE = 'options.ext.fleet.target';

const DURATION_HELP = "give a duration such as '90s' or '1m30s', or a number of ms, above 0";

/** ms; takes what k6 takes where it expects a duration. */
const Duration = z.unknown().transform((raw, context): number => {
  const ms = typeof raw === 'number' ? raw : typeof raw === 'string' ? tryDuration(raw) : Number.NaN;
  if (Number.isFinite(ms) && ms > 0) return ms;
  context.addIssue({ code: 'custom', message: DURATION_HELP });
  return z.NEVER;
});

function tryDuration(text: string): number {
  try {
    return parseDuration(text);
  } catch {
    return Number.NaN; // the caller's message says more than ours would
  }
}

// A script's undefined arrives as null: k6 carries options as JSON.
const Recover = z.strictObject({ p95: Duration, within: Duration }, "give { p95: '1500ms', within: '2m' }");
const Options = z.strictObject(
  {
    observe: z.string("give where the target's scaling can be read, such as 'demo:http://127.0.0.1:8080'").nullish(),
    scaleOutWithin: Duration.nullish(),
    minPeakTasks: z.int('give a whole number above 0').positive('give a whole number above 0').nullish(),
    maxErrorRate: z
      .number('give a share from 0 to 1')
      .min(0, 'give a share from 0 to 1')
      .max(1, 'give a share from 0 to 1')
      .nullish(),
    recoverWithin: Recover.nullish(),
  },
  "give an object such as { observe: 'demo:http://127.0.0.1:8080', scaleOutWithin: '6m' }",
);

const ALLOWED: Readonly<Record<string, string>> = {
  '': Object.keys(Options.shape).join(', '),
  recoverWithin: Object.keys(Recover.shape).join(', '),
};

/**
 * Reads `options.ext.fleet.target`. Keys: observe, scaleOutWithin, minPeakTasks, maxErrorRate (0 to 1),
 * recoverWithin { p95, within }. Durations as k6 writes them, or ms.
 * @throws UserError (104), one line that names the option, the value and what is allowed
 */
export function parseTarget(raw: unknown): TargetPlan {
  const parsed = Options.safeParse(raw);
  if (!parsed.success) throw new UserError(explain(raw, parsed.error.issues[0]), K6Exit.invalidConfig);
  const { observe, scaleOutWithin, minPeakTasks, maxErrorRate, recoverWithin } = parsed.data;
  return {
    observe: observe || null,
    ...(scaleOutWithin != null && { scaleOutWithinMs: scaleOutWithin }),
    ...(minPeakTasks != null && { minPeakTasks }),
    ...(maxErrorRate != null && { maxErrorRate }),
    ...(recoverWithin != null && { recoverWithin: { p95Ms: recoverWithin.p95, withinMs: recoverWithin.within } }),
  };
}

function explain(raw: unknown, issue: z.core.$ZodIssue | undefined): string {
  const path = issue?.path.map(String) ?? [];
  if (issue?.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    const option = [WHERE, ...path, key].join('.');
    const allowed = ALLOWED[path.join('.')] ?? '';
    return `${option} is not an option (its value is ${show(valueAt(raw, [...path, key]))}); allowed: ${allowed}`;
  }
  return `${[WHERE, ...path].join('.')} is ${show(valueAt(raw, path))}: ${issue?.message ?? 'not allowed'}`;
}

const show = (value: unknown): string => (value === undefined ? 'missing' : JSON.stringify(value));

function valueAt(raw: unknown, path: string[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<string, unknown> | null | undefined)?.[key], raw);
}
