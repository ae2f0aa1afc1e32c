/** How far the scenarios of a run are, as k6 shows it: iterations done of all, or time. */
import type { ScenarioProgress } from '../../core/contract/progress.ts';
import { formatClock, formatCount, progressBar } from './format.ts';
import { type Colours, type Line, padEnd, printable } from './line.ts';

export interface ScenarioList {
  scenarios: readonly ScenarioProgress[];
  /** How many more there are. */
  moreScenarios: number;
}

/** A terminal has about twenty lines. */
const MAX_LINES = 5;
const MAX_NAME = 20;
const BAR_WIDTH = 20;

const shareOf = ({ done, total }: ScenarioProgress): number => (total > 0 ? done / total : 1);

/** Such as `60/100 iterations` or `0:12 / 1:00`. */
export const scenarioPosition = ({ done, total, unit }: ScenarioProgress): string =>
  unit === 'iterations'
    ? `${formatCount(done)}/${formatCount(total)} iterations`
    : `${formatClock(done)} / ${formatClock(total)}`;

const percentOf = (scenario: ScenarioProgress): string => `${Math.floor(shareOf(scenario) * 100)}%`;

/** The first few scenarios, those that are not done before the others; and how many are left out. */
function firstOf({ scenarios, moreScenarios }: ScenarioList): { shown: ScenarioProgress[]; more: number } {
  const unfinished = scenarios.filter((scenario) => shareOf(scenario) < 1);
  const finished = scenarios.filter((scenario) => shareOf(scenario) >= 1);
  const room = scenarios.length + moreScenarios > MAX_LINES ? MAX_LINES - 1 : MAX_LINES;
  const chosen = new Set([...unfinished, ...finished].slice(0, room));
  const shown = scenarios.filter((scenario) => chosen.has(scenario));
  return { shown, more: scenarios.length - shown.length + moreScenarios };
}

/** A line with a bar for each of several scenarios; none for a single one, whose progress is the run's. */
export function scenarioLines(list: ScenarioList, paint: Colours): Line[] {
  if (list.scenarios.length + list.moreScenarios < 2) return [];
  const { shown, more } = firstOf(list);
  const names = shown.map(({ name }) => printable(name).slice(0, MAX_NAME));
  const nameWidth = Math.max(...names.map((name) => name.length));
  const lines = shown.map((scenario, i): Line => {
    const bar = { text: progressBar(shareOf(scenario), BAR_WIDTH), paint: paint.cyan };
    const numbers = `${percentOf(scenario).padStart(5)}  ${scenarioPosition(scenario)}`;
    return [padEnd(names[i] ?? '', nameWidth + 2), bar, numbers];
  });
  return more > 0 ? [...lines, [{ text: `and ${formatCount(more)} more`, paint: paint.dim }]] : lines;
}

/** The same as one part of a plain line, such as `shop 60/100 iterations, api 0:12 / 1:00`; null for a single scenario. */
export function scenarioPart(list: ScenarioList): string | null {
  if (list.scenarios.length + list.moreScenarios < 2) return null;
  const { shown, more } = firstOf(list);
  const parts = shown.map((scenario) => `${printable(scenario.name).slice(0, MAX_NAME)} ${scenarioPosition(scenario)}`);
  return [...parts, ...(more > 0 ? [`and ${formatCount(more)} more`] : [])].join(', ');
}
