/** `options.ext.fleet.target` of a script: how it is read, its defaults on AWS, and what the plan keeps of it. */
import { z } from 'zod';
import { K6Exit } from '../contract/exit-codes.ts';
import { OBSERVE_STACK, type TargetPlan, type Threshold } from '../contract/plan.ts';
import { formatDuration, parseDuration } from '../duration.ts';
import { UserError } from '../errors.ts';

const OPTION = 'options.ext.fleet.target';

const DURATION_HELP = "give a duration such as '90s' or '1m30s', or a number of ms, above 0";
const THRESHOLD_HELP =
  "give a threshold such as 'max<90' or { threshold: 'max<90', abortOnFail: true, delayAbortEval: '1m' }";

/** ms; takes whatever k6 takes as a duration. */
const Duration = z.unknown().transform((raw, context): number => {
  const ms = durationMs(raw);
  if (Number.isFinite(ms) && ms > 0) return ms;
  context.addIssue({ code: 'custom', message: DURATION_HELP });
  return z.NEVER;
});

/** NaN: not a duration. */
function durationMs(raw: unknown): number {
  if (typeof raw !== 'string') return typeof raw === 'number' ? raw : Number.NaN;
  try {
    return parseDuration(raw);
  } catch {
    return Number.NaN; // the caller's message says more
  }
}

/** A threshold in one of k6's two forms. Only k6 parses its expression. */
export type ThresholdSource =
  | string
  | {
      threshold: string;
      abortOnFail?: boolean | null | undefined;
      delayAbortEval?: string | number | null | undefined;
    };

const ThresholdObject = z.strictObject({
  threshold: z.string(),
  abortOnFail: z.boolean().nullish(),
  delayAbortEval: z
    .union([z.string(), z.number()])
    .refine((raw) => durationMs(raw) >= 0)
    .nullish(),
});
const ThresholdSource = z.custom<ThresholdSource>(
  (raw) => typeof raw === 'string' || ThresholdObject.safeParse(raw).success,
  THRESHOLD_HELP,
);

const NO_SCALE_OUT = false;

// A script's undefined arrives as null: k6 carries options as JSON.
const Recover = z.strictObject({ p95: Duration, within: Duration }, "give { p95: '1500ms', within: '2m' }");
const Options = z.strictObject(
  {
    observe: z
      .string("give the source of the target's scaling, such as 'demo:http://127.0.0.1:8080' or 'stack'")
      .nullish(),
    scaleOutWithin: z
      .unknown()
      .pipe(z.preprocess((raw) => (raw === NO_SCALE_OUT ? null : raw), Duration.nullish()))
      .optional(),
    minPeakTasks: z.int('give a whole number above 0').positive('give a whole number above 0').nullish(),
    maxErrorRate: z
      .number('give a share from 0 to 1')
      .min(0, 'give a share from 0 to 1')
      .max(1, 'give a share from 0 to 1')
      .nullish(),
    recoverWithin: Recover.nullish(),
    thresholds: z
      .record(
        z.string(),
        z.array(ThresholdSource, "give a list of thresholds such as ['max<90']"),
        "give thresholds by series, such as { cpu: ['max<90'] }",
      )
      .nullish(),
  },
  "give an object such as { observe: 'demo:http://127.0.0.1:8080', scaleOutWithin: '6m' }",
);

const ALLOWED: Readonly<Record<string, string>> = {
  '': Object.keys(Options.shape).join(', '),
  recoverWithin: Object.keys(Recover.shape).join(', '),
};

/** `options.ext.fleet.target` of a script, before k6 has parsed its thresholds. */
export interface TargetOptions extends Omit<TargetPlan, 'thresholds' | 'scaleOutWithinMs'> {
  /** Null: the script expects no scale-out. */
  scaleOutWithinMs?: number | null;
  thresholds?: Record<string, ThresholdSource[]>;
}

/**
 * Reads `options.ext.fleet.target`. Keys: observe, scaleOutWithin (false: no scale-out is expected), minPeakTasks,
 * maxErrorRate (0 to 1), recoverWithin { p95, within }, thresholds by series, whose expressions k6 parses. Durations as
 * k6 writes them, or ms.
 * @throws UserError (104), one line that names the option, the value and what is allowed
 */
export function parseTarget(raw: unknown): TargetOptions {
  const parsed = Options.safeParse(raw);
  if (!parsed.success) throw new UserError(explain(raw, parsed.error.issues[0]), K6Exit.invalidConfig);
  const { observe, scaleOutWithin, minPeakTasks, maxErrorRate, recoverWithin, thresholds } = parsed.data;
  const expectsNone = (raw as { scaleOutWithin?: unknown }).scaleOutWithin === NO_SCALE_OUT;
  return {
    observe: observe || null,
    ...(expectsNone && { scaleOutWithinMs: null }),
    ...(scaleOutWithin != null && { scaleOutWithinMs: scaleOutWithin }),
    ...(minPeakTasks != null && { minPeakTasks }),
    ...(maxErrorRate != null && { maxErrorRate }),
    ...(recoverWithin != null && { recoverWithin: { p95Ms: recoverWithin.p95, withinMs: recoverWithin.within } }),
    ...(thresholds != null && { thresholds }),
  };
}

/** The plan's target. @param thresholds those of the options, parsed by k6 */
export function targetPlan(options: TargetOptions, thresholds: Record<string, Threshold[]>): TargetPlan {
  const { scaleOutWithinMs, thresholds: _, ...rest } = options;
  return {
    ...rest,
    ...(scaleOutWithinMs != null && { scaleOutWithinMs }),
    ...(Object.keys(thresholds).length > 0 && { thresholds }),
  };
}

/**
 * Refuses thresholds on series that the target does not have.
 * @param series all that it has
 * @throws UserError (104), one line
 */
export function checkSeries({ thresholds }: TargetOptions, series: readonly string[]): void {
  const unknown = Object.keys(thresholds ?? {}).find((name) => !series.includes(name));
  if (unknown === undefined) return;
  throw new UserError(
    `${OPTION}.thresholds.${unknown} is not a series of the target; it has ${series.join(', ')}`,
    K6Exit.invalidConfig,
  );
}

function explain(raw: unknown, issue: z.core.$ZodIssue | undefined): string {
  const path = issue?.path.map(String) ?? [];
  if (issue?.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    const option = [OPTION, ...path, key].join('.');
    const allowed = ALLOWED[path.join('.')] ?? '';
    return `${option} is not an option (its value is ${show(valueAt(raw, [...path, key]))}); allowed: ${allowed}`;
  }
  return `${[OPTION, ...path].join('.')} is ${show(valueAt(raw, path))}: ${issue?.message ?? 'not allowed'}`;
}

const show = (value: unknown): string => (value === undefined ? 'missing' : JSON.stringify(value));

function valueAt(raw: unknown, path: string[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<string, unknown> | null | undefined)?.[key], raw);
}

/**
 * How long target tracking of an ECS service may take, from the load's rise to running tasks; it adds up to 6 min.
 * - up to 60 s until the first whole minute of the load begins: ECS publishes its metrics by the minute;
 * - 3 × 60 s: the alarm that target tracking creates needs 3 points above the target within 3 minutes
 *   (https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html);
 * - up to 60 s until the last point is published, the alarm evaluated and the desired count set;
 * - 60 s for a Fargate task to start, pull its image and pass its health checks.
 * @internal exported for its test
 */
export const AWS_SCALE_OUT_WITHIN_MS = 60_000 + 3 * 60_000 + 60_000 + 60_000;

/** If the stack observes the target, it gets time for a scale-out, unless its script says otherwise. */
export const withAwsDefaults = (target: TargetOptions): TargetOptions =>
  target.observe === OBSERVE_STACK && target.scaleOutWithinMs === undefined
    ? { ...target, scaleOutWithinMs: AWS_SCALE_OUT_WITHIN_MS }
    : target;

/**
 * How long a load must be high for target tracking to be sure to see it, ms: 3 whole minutes, and the rest of the minute
 * in which it rose.
 */
const MIN_PEAK_MS = 60_000 + 3 * 60_000;

/**
 * A warning if the load is too short for the scale-out that the plan expects of an ECS service; null: it is not.
 * @param peakMs how long the load is planned to be high
 */
export function peakWarning(target: TargetPlan | null, peakMs: number): string | null {
  if (target?.observe !== OBSERVE_STACK || target.scaleOutWithinMs === undefined || peakMs >= MIN_PEAK_MS) return null;
  const planned = formatDuration(Math.round(peakMs / 1000) * 1000);
  const needed = formatDuration(MIN_PEAK_MS);
  return `the planned peak lasts ${planned}, but target tracking of an ECS service needs three whole minutes above its target: hold the peak for ${needed} or more, or set scaleOutWithin: false`;
}
