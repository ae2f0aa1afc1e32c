import type { Result } from '../../../../core/contract/result.ts';
import type { Tolerance, Values } from '../compare.ts';
import type { PlainTruth } from '../plain.ts';
import { type DrawnScenario, FUNCTIONS, isFixed } from './scenarios.ts';
import type { Shape } from './shape.ts';

/**
 * How much later than plain k6 a run of a local fleet may be aborted by a threshold, s. Both judge every 2 s, so two
 * judgements may lie that far apart. k6 judges what it measured up to 0.1 s ago; k6-fleet what every task has
 * delivered: windows of 1 s, written and read within 0.5 s. 1.5 s are for a busy machine.
 */
export const LAG_SECONDS = 5;
/** How much earlier: the distance of two judgements, s. */
export const LEAD_SECONDS = 2;

/** How an executor's number of iterations may differ between two runs of the same script. */
function iterationTolerance(scenario: DrawnScenario, tasks: number): number {
  const { executor, vus, iterations } = scenario;
  switch (executor) {
    // All are made, by whichever VU.
    case 'shared-iterations':
    case 'per-vu-iterations':
      return 0;
    // Each VU begins iterations until the time is over: one more or less. 10 % for requests and pauses of uneven length.
    case 'constant-vus':
    case 'ramping-vus':
      return vus + 0.1 * iterations;
    // Each task begins at an arrival of its own, and may begin one more or less. A machine that is busy for longer than
    // an iteration takes leaves no VU free, so iterations are dropped: 10 %. Without a graceful stop the last ones are
    // interrupted.
    case 'constant-arrival-rate':
    case 'ramping-arrival-rate':
      return tasks + 1 + 0.1 * iterations + (scenario.options.gracefulStop === '0s' ? vus : 0);
  }
}

/** What may differ between plain k6 and k6-fleet for a shape. */
export function toleranceOf(shape: Shape, plain: PlainTruth, result: Result | null): Tolerance {
  const counts = Object.values(shape.scenarios)
    .map((scenario) => samplesOf(scenario) * scenarioTolerance(shape, scenario, slowdown(plain, result)))
    .reduce((sum, each) => sum + each, 0);
  return {
    counts: Math.ceil(counts),
    undecided: (threshold) => isUndecided(threshold, counts),
  };
}

/** The most samples that an iteration adds to a metric: `checks` has one for each request, and one for setup's data. */
const samplesOf = ({ exec }: DrawnScenario): number => FUNCTIONS[exec] + 1;

function scenarioTolerance(shape: Shape, scenario: DrawnScenario, slower: number): number {
  const { tasks, aborts } = shape;
  const { executor, iterations, seconds, options } = scenario;
  if (aborts) {
    // What is made within the lag, or all of a scenario that ends about when the load is aborted.
    return Math.min(iterations, (iterations / seconds) * LAG_SECONDS + Number(options.preAllocatedVUs ?? 0));
  }
  const own = iterationTolerance(scenario, tasks);
  return isFixed({ executor }) ? own : own + slower * iterations;
}

/** By which part iterations took longer in one of the two: on a busy machine fewer fit into the same time. */
function slowdown(plain: PlainTruth, result: Result | null): number {
  const theirs = Number(plain.summary?.metrics.iteration_duration?.avg ?? 0);
  const ours = result?.metrics.iteration_duration?.values.avg ?? 0;
  return theirs > 0 && ours > 0 ? Math.abs(theirs - ours) / Math.min(theirs, ours) : 0;
}

const EXPRESSION = /^(?<aggregate>[a-z]+(\([\d.]+\))?)[<>=!]+(?<limit>[\d.]+)$/;
/** Times differ by the machine's load; so do rates per second of the whole test, by its start and end. */
const MEASURED_MARGIN = 0.5;
/** spread's values are 0 to 9; which of them there are depends on how many iterations there are. */
const SPREAD_MARGIN = 3;

/** Whether a value lies so near to the limit that two runs of plain k6 might differ too. */
function isUndecided({ metric, source, plain }: Parameters<NonNullable<Tolerance['undecided']>>[0], counts: number) {
  const { aggregate = '', limit = '' } = EXPRESSION.exec(source)?.groups ?? {};
  const value = aggregateOf(plain, aggregate);
  if (value === null) return false;
  const distance = Math.abs(value - Number(limit));
  const measured = MEASURED_MARGIN * Number(limit);
  if (aggregate === 'count') return counts > 0 && distance <= counts;
  if (aggregate === 'value') return false;
  if (aggregate === 'rate' && 'passes' in plain) {
    const samples = Number(plain.passes) + Number(plain.fails);
    return counts > 0 && samples > 0 && distance <= counts / samples;
  }
  if (metric.startsWith('spread')) return counts > 0 && distance <= SPREAD_MARGIN;
  return distance <= measured;
}

/** `--summary-export` has the rate of a metric of type rate as its value. */
const aggregateOf = (plain: Values, aggregate: string): number | null =>
  plain[aggregate === 'rate' && 'passes' in plain ? 'value' : aggregate] ?? null;

/** Whether a threshold of the shape is so near to its limit that the exit code may be of either kind. */
export function hasUndecided(plain: PlainTruth, { undecided }: Tolerance): boolean {
  return Object.entries(plain.summary?.metrics ?? {}).some(([metric, { thresholds = {}, ...stats }]) =>
    Object.keys(thresholds).some((source) => undecided?.({ metric, source, plain: stats as Values })),
  );
}
