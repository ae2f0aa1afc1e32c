import type { Plan, ScenarioPlan } from '../../contract/plan.ts';
import type { ScenarioProgress } from '../../contract/progress.ts';
import type { RunMetrics } from '../../metrics/run-metrics.ts';

/** A script may have hundreds of scenarios, and progress.json is written every second. */
const MAX_SCENARIOS = 50;

export interface LoadProgress {
  /** The share of the load that is done, 0 to 1. */
  progress: number;
  /** In the order of the plan, at most 50. */
  scenarios: ScenarioProgress[];
  /** How many scenarios are not in that list. */
  moreScenarios: number;
}

/**
 * How far each scenario is, as in k6: by iterations if the scenario has a number of them, otherwise by time. The load ends
 * with its last scenario, so its progress is that of the scenario that is the farthest from its end.
 * @param elapsedMs since the start of the load, ms; 0 before
 */
export function loadProgress(
  { scenarios }: Pick<Plan, 'scenarios'>,
  metrics: RunMetrics,
  elapsedMs: number,
): LoadProgress {
  const iterations = iterationsOf(scenarios, metrics);
  const all = scenarios.map((scenario) => progressOf(scenario, elapsedMs, iterations.get(scenario.name)));
  return {
    progress: Math.min(1, ...all.map((one, i) => shareOf(one, scenarios[i] as ScenarioPlan, elapsedMs))),
    scenarios: all.slice(0, MAX_SCENARIOS),
    moreScenarios: Math.max(0, all.length - MAX_SCENARIOS),
  };
}

/** Completed iterations by scenario; empty if they cannot be told apart, since the script has switched the tag off. */
function iterationsOf(scenarios: readonly ScenarioPlan[], metrics: RunMetrics): Map<string, number> {
  const [first] = scenarios;
  if (first !== undefined && scenarios.length === 1) {
    return new Map([[first.name, metrics.counter('iterations').sum]]);
  }
  const rows = metrics.breakdowns.iterations.list();
  if (rows.some(({ tags }) => tags.scenario === undefined)) return new Map();
  const counts = new Map(scenarios.map(({ name }) => [name, 0]));
  for (const { tags, values } of rows) {
    const { scenario = '' } = tags;
    counts.set(scenario, (counts.get(scenario) ?? 0) + values.sum);
  }
  return counts;
}

function progressOf(scenario: ScenarioPlan, elapsedMs: number, iterations: number | undefined): ScenarioProgress {
  const { name, executor, startMs, durationMs, iterations: total } = scenario;
  if (total !== null && iterations !== undefined) {
    return { name, executor, done: Math.min(iterations, total), total, unit: 'iterations' };
  }
  return {
    name,
    executor,
    done: Math.min(durationMs, Math.max(0, elapsedMs - startMs)),
    total: durationMs,
    unit: 'ms',
  };
}

/** Of the time from the start of the load to the end of the scenario, which iterations may bring forward. */
function shareOf({ done, total, unit }: ScenarioProgress, scenario: ScenarioPlan, elapsedMs: number): number {
  const endMs = scenario.startMs + scenario.durationMs;
  const byTime = endMs > 0 ? elapsedMs / endMs : 1;
  return unit === 'ms' ? byTime : Math.max(byTime, total > 0 ? done / total : 1);
}

/** The shortest that the load can take, ms: scenarios with a number of iterations may end at any time. */
export const minimumLoadMs = ({ scenarios }: Pick<Plan, 'scenarios'>): number =>
  Math.max(0, ...scenarios.map((one) => (one.iterations === null ? one.startMs + one.durationMs : 0)));
