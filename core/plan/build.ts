import type { Plan, Timing } from '../contract/plan.ts';
import { parseDuration } from '../duration.ts';
import { peakWarning, targetPlan } from '../scaling/target-options.ts';
import type { FleetOptions } from './fleet-options.ts';
import type { Requirements, ScriptOptions } from './requirements.ts';
import { shares } from './shares.ts';

/** k6's defaults (lib/options.go, internal/cmd/options.go). */
const DEFAULT_TIMEOUT_MS = 60_000;
const DEFAULT_TREND_STATS = ['avg', 'min', 'med', 'max', 'p(90)', 'p(95)'];

/**
 * More VUs than this in one k6 are rarely wise: a VU takes 1 to 5 MB, and one process serves them all.
 * https://grafana.com/docs/k6/latest/testing-guides/running-large-tests/
 */
const WISE_VUS = 2000;
/** A task of its own pays from about so many VUs on. */
const AUTO_VUS = 250;

/** Everything on one machine: files are cheap to read and write. */
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

/** Up to so many tasks of a stack are looked at every second. */
const SMALL_FLEET = 25;

/**
 * Reading and writing S3 costs CPU and money. 1,000 tasks that ship a window each 5 s write 0.72 million objects an
 * hour, $3.60 (S3 standard: $5 a million PUTs, us-east-1, 2026-11); a small fleet affords shorter intervals.
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
  fargate: Plan['fargate'];
}

/** How many tasks `auto` stands for: one for every 250 VUs, and no more than there are processors. */
export const autoTasks = (maxVUs: number, processors: number): number =>
  Math.max(1, Math.min(processors, Math.ceil(maxVUs / AUTO_VUS)));

/** k6 reads an `rps` of 0 or less as no limit; a share of 0 would lift the limit for that task. */
export const tasksForRps = (tasks: number, rps: number | null | undefined): number =>
  rps !== null && rps !== undefined && rps > 0 ? Math.min(tasks, rps) : tasks;

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
    durationMs: requirements.durationMs,
    loadMs: requirements.loadMs,
    thresholds: requirements.thresholds,
    exports: {
      setup: input.exports.includes('setup'),
      teardown: input.exports.includes('teardown'),
      handleSummary: input.exports.includes('handleSummary'),
    },
    summary: { trendStats: options.summaryTrendStats ?? DEFAULT_TREND_STATS, timeUnit: options.summaryTimeUnit ?? '' },
    setupTimeoutMs: timeout(options.setupTimeout),
    teardownTimeoutMs: timeout(options.teardownTimeout),
    target,
    maxLost: input.maxLost,
    timing: input.timing,
    envNames: input.envNames,
    blacklistIPs: options.blacklistIPs ?? [],
    fargate: input.fargate,
    warnings: [...planWarnings(requirements), ...(tooShort === null ? [] : [tooShort])],
  };
}

const timeout = (text: string | null | undefined) =>
  text === null || text === undefined ? DEFAULT_TIMEOUT_MS : parseDuration(text);

/** What a user should know before the run. */
function planWarnings({ tasks, maxVUs, arrivalRate }: Requirements): string[] {
  const warnings: string[] = [];
  if (maxVUs < tasks.length) {
    const idle = countTasks(tasks.length - maxVUs);
    warnings.push(`${tasks.length} tasks share ${maxVUs} VUs: ${idle} would have nothing to do`);
  }
  for (const { scenario, maxVUs: max } of arrivalRate) {
    if (max < tasks.length) {
      warnings.push(
        `scenario "${scenario}" has maxVUs ${max} for ${tasks.length} tasks: k6 splits its arrival rate by VUs, so ${countTasks(tasks.length - max)} would have nothing to do`,
      );
    }
  }
  const most = Math.max(...tasks.map((task) => task.maxVUs));
  if (most > WISE_VUS) {
    warnings.push(
      `${most} VUs in one task are more than is wise (${WISE_VUS}): use --tasks ${Math.ceil(maxVUs / WISE_VUS)} or more`,
    );
  }
  return warnings;
}

const countTasks = (count: number) => (count === 1 ? '1 task' : `${count} tasks`);
