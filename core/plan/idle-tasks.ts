/**
 * Tasks without any VU. k6 gives each task one segment of every scenario, and a scenario with fewer VUs than there are
 * tasks has them in the same few segments as every other small one.
 */
import type { Scenario, ScriptOptions } from './options.ts';
import type { Requirements } from './requirements.ts';

/** More scenarios than this are only counted. */
const MAX_NAMED = 3;

export interface ScenarioVUs {
  scenario: string;
  /** The most VUs that it can have. */
  vus: number;
}

/** The scenarios that the script names; none if its options are `vus`, `duration` and the like. */
export const scenarioVUs = ({ scenarios }: ScriptOptions): ScenarioVUs[] =>
  Object.entries(scenarios ?? {}).map(([scenario, options]) => ({ scenario, vus: mostVUs(options) }));

/** With k6's defaults (lib/executor): one VU, and of an arrival rate the VUs that are allocated before. */
function mostVUs({ executor, vus, startVUs, stages, preAllocatedVUs, maxVUs }: Scenario): number {
  if (executor.endsWith('arrival-rate')) return maxVUs ?? preAllocatedVUs ?? 1;
  if (executor === 'ramping-vus') return Math.max(startVUs ?? 1, ...(stages ?? []).map(({ target }) => target ?? 0));
  return maxVUs ?? vus ?? 1;
}

/** The most tasks of which each has a VU: as many as the largest scenario has VUs. */
export const usefulTasks = (scenarios: readonly ScenarioVUs[], maxVUs: number): number =>
  Math.max(1, scenarios.length === 0 ? maxVUs : Math.max(...scenarios.map(({ vus }) => vus)));

/** A warning that names the scenarios and how many tasks would be busy; null: each task has a VU. */
export function idleWarning({ tasks, maxVUs }: Requirements, scenarios: readonly ScenarioVUs[]): string | null {
  const busy = tasks.filter((task) => task.maxVUs > 0).length;
  if (busy === tasks.length || busy === 0) return null;
  const idle = tasks.length - busy;
  const useful = usefulTasks(scenarios, maxVUs);
  const advice = `use --tasks ${useful}${useful > 1 ? ' or fewer' : ''}, or give a scenario more VUs`;
  const only = `only ${busy} of ${countOf(tasks.length, 'task')} would be busy, ${idle} would have nothing to do`;
  if (scenarios.length <= 1) return `${tasks.length} tasks share ${countOf(maxVUs, 'VU')}: ${only}; ${advice}`;
  const named = scenarios.slice(0, MAX_NAMED).map(({ scenario, vus }) => `"${scenario}" (${countOf(vus, 'VU')})`);
  const more = scenarios.length > MAX_NAMED ? ` and ${scenarios.length - MAX_NAMED} more` : '';
  return `${only}: the scenarios ${named.join(', ')}${more} have fewer VUs each than there are tasks, and k6 gives them all to the same tasks; ${advice}`;
}

const countOf = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;
