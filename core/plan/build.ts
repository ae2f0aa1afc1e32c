import type { FargateSubnet, Plan, SummaryMode, Timing } from '../contract/plan.ts';
import { parseDuration } from '../duration.ts';
import { peakWarning, targetPlan } from '../scaling/target-options.ts';
import { idleWarning, scenarioVUs } from './idle-tasks.ts';
import type { FleetOptions, ScriptOptions } from './options.ts';
import type { Requirements } from './requirements.ts';

/** k6's defaults (lib/options.go, internal/cmd/options.go). */
const DEFAULT_TIMEOUT_MS = 60_000;
const DEFAULT_HANDLE_SUMMARY_TIMEOUT_MS = 120_000;
const DEFAULT_TREND_STATS = ['avg', 'min', 'med', 'max', 'p(90)', 'p(95)'];

/**
 * The most VUs to have in one k6: a VU takes 1 to 5 MB, and one process serves them all.
 * https://grafana.com/docs/k6/latest/testing-guides/running-large-tests/
 */
const RECOMMENDED_VUS = 2000;

/** On one machine files are cheap to read and write. */
export const LOCAL_TIMING: Timing = {
  controlPollIntervalMs: 100,
  tickMs: 200,
  windowMs: 1000,
  cellSeconds: 1,
  leaseMs: 60_000,
  renewMs: 10_000,
  readyTimeoutMs: 120_000,
  checkpointMs: 5000,
  taskPollIntervalMs: 200,
  targetPollIntervalMs: 1000,
  launchesPerSecond: 1000,
};

/** Up to this many tasks of a stack, each is polled every second. */
const SMALL_FLEET = 25;

/**
 * Reading and writing S3 costs CPU and money: 1,000 tasks that ship a window every 5 s write 0.72 million objects an
 * hour, $3.60 (S3 standard: $5 a million PUTs, us-east-1, 2026-11). A small fleet can afford shorter intervals.
 * Launches: RunTask's and Fargate's own sustained rate is 20 a second
 * (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/throttling.html).
 */
export const awsTiming = (tasks: number): Timing => ({
  controlPollIntervalMs: tasks <= SMALL_FLEET ? 1000 : 2000,
  tickMs: 1000,
  windowMs: tasks <= SMALL_FLEET ? 2000 : 5000,
  cellSeconds: 1,
  leaseMs: 60_000,
  renewMs: 10_000,
  readyTimeoutMs: 300_000,
  checkpointMs: 15_000,
  taskPollIntervalMs: tasks <= SMALL_FLEET ? 1000 : 5000,
  targetPollIntervalMs: 10_000,
  launchesPerSecond: 20,
});

export interface PlanInput {
  id: string;
  name: string;
  script: string;
  createdAt: string;
  k6Version: string;
  options: ScriptOptions;
  requirements: Requirements;
  exports: string[];
  fleet: FleetOptions;
  maxLost: number;
  timing: Timing;
  envNames: string[];
  consoleOutput: boolean;
  k6Warnings: string[];
  summaryMode: SummaryMode;
  /** What else the user should know before the run. */
  warnings: string[];
}

/** The plan of a run whose tasks have no place on Fargate (yet): see `withPlacement`. */
export function buildPlan(input: PlanInput): Plan {
  const { options, requirements } = input;
  const { rps } = options;
  const target =
    input.fleet.target === undefined ? null : targetPlan(input.fleet.target, requirements.targetThresholds);
  const tooShort = peakWarning(target, requirements.peakMs);
  const rpsShares = rps !== null && rps !== undefined && rps > 0 ? shares(rps, requirements.tasks.length) : null;
  return {
    version: 1,
    id: input.id,
    name: input.name,
    script: input.script,
    createdAt: input.createdAt,
    k6Version: input.k6Version,
    sequence: requirements.sequence,
    tasks: requirements.tasks.map((task, index) => ({ ...task, rps: rpsShares?.[index] ?? null })),
    scenarios: requirements.scenarios,
    durationMs: requirements.durationMs,
    loadMs: requirements.loadMs,
    thresholds: requirements.thresholds,
    exports: {
      setup: input.exports.includes('setup'),
      teardown: input.exports.includes('teardown'),
      handleSummary: input.exports.includes('handleSummary'),
    },
    setupTimeoutMs: timeout(options.setupTimeout, DEFAULT_TIMEOUT_MS),
    teardownTimeoutMs: timeout(options.teardownTimeout, DEFAULT_TIMEOUT_MS),
    handleSummaryTimeoutMs: timeout(options.handleSummaryTimeout, DEFAULT_HANDLE_SUMMARY_TIMEOUT_MS),
    summary: {
      trendStats: options.summaryTrendStats ?? DEFAULT_TREND_STATS,
      timeUnit: options.summaryTimeUnit ?? '',
      mode: input.summaryMode,
    },
    target,
    maxLost: input.maxLost,
    timing: input.timing,
    envNames: input.envNames,
    consoleOutput: input.consoleOutput,
    k6Warnings: input.k6Warnings,
    blacklistIPs: options.blacklistIPs ?? [],
    fargate: null,
    warnings: [...planWarnings(requirements, options), ...(tooShort === null ? [] : [tooShort]), ...input.warnings],
  };
}

/** The plan with its tasks in these subnets of AWS, and with what the checks of the stack warn about. */
export const withPlacement = (plan: Plan, subnets: FargateSubnet[], warnings: readonly string[]): Plan => ({
  ...plan,
  fargate: { subnets },
  warnings: [...plan.warnings, ...warnings],
});

/**
 * Splits a whole number into whole shares that add up to it and differ by at most one.
 * @param total at least 0 @param parts at least 1
 * @internal exported for its test
 */
export function shares(total: number, parts: number): number[] {
  const base = Math.floor(total / parts);
  const rest = total - base * parts;
  return Array.from({ length: parts }, (_, index) => base + (index < rest ? 1 : 0));
}

/** A negative timeout has passed at once, as in k6. */
const timeout = (text: string | null | undefined, byDefault: number) =>
  text === null || text === undefined ? byDefault : Math.max(0, parseDuration(text));

/** What a user should know before the run. */
function planWarnings(requirements: Requirements, options: ScriptOptions): string[] {
  const { tasks, maxVUs, arrivalRate } = requirements;
  const idle = idleWarning(requirements, scenarioVUs(options));
  const warnings = idle === null ? [] : [idle];
  for (const { scenario, maxVUs: max } of arrivalRate) {
    if (max < tasks.length && idle === null) {
      warnings.push(
        `scenario "${scenario}" has maxVUs ${max} for ${tasks.length} tasks: k6 splits its arrival rate by VUs, so ${countOf(tasks.length - max, 'task')} would have none of it`,
      );
    }
  }
  const most = Math.max(...tasks.map((task) => task.maxVUs));
  if (most > RECOMMENDED_VUS) {
    warnings.push(
      `${most} VUs in one task are more than the recommended ${RECOMMENDED_VUS}: use --tasks ${Math.ceil(maxVUs / RECOMMENDED_VUS)} or more`,
    );
  }
  return warnings;
}

const countOf = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;
