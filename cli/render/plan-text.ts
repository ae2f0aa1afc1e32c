/** What a run is going to do, and on AWS to cost. */
import type { Estimate } from '../../core/aws/cost.ts';
import {
  OBSERVE_STACK,
  type Plan,
  type TargetPlan,
  type TaskPlan,
  type Threshold,
  type ThresholdKey,
} from '../../core/contract/plan.ts';
import { minimumLoadMs } from '../../core/run/report/scenario-progress.ts';
import { formatCount, formatLatency, formatPlural, formatShare, formatShortDuration } from './format.ts';
import { bulletLines, type Colours, fieldLines, palette, printable, wrap } from './line.ts';

export interface PlanTextOptions {
  /** Columns of the terminal; from 40 on no line is longer. */
  width: number;
  colours: boolean;
  /** Show the run's id. Default: false, as a plan alone makes no run. */
  withId?: boolean;
}

export function planText(plan: Plan, { width, colours, withId = false }: PlanTextOptions): string {
  const paint = palette(colours);
  const field = (label: string, text: string) => fieldLines(label, text, width, paint);
  const lines = [
    ...(withId ? field('run', plan.id) : []),
    ...field('script', `${plan.script} (k6 ${plan.k6Version})`),
    ...field('tasks', tasksOf(plan.tasks)),
    ...field('VUs', vusOf(plan.tasks)),
    ...field('iterations', iterationsOf(plan)),
    ...field('duration', durationOf(plan)),
    ...rpsOf(plan.tasks).flatMap((text) => field('rate limit', text)),
    ...field('lifecycle', lifecycleOf(plan)),
    ...field('lost tasks', plan.maxLost === 0 ? 'none allowed' : `at most ${formatCount(plan.maxLost)} allowed`),
    ...(plan.envNames.length > 0 ? field('variables', plan.envNames.join(', ')) : []),
    ...thresholdLines(plan.thresholds, width, paint),
    ...targetLines(plan.target, width, paint),
    ...warningLines(plan.warnings, width, paint),
  ];
  return `${lines.join('\n')}\n`;
}

/** `3 with 250 VUs each, 1 with 249 VUs`: equal tasks are grouped. */
function tasksOf(tasks: readonly TaskPlan[]): string {
  const groups = new Map<string, number>();
  for (const { vus, maxVUs } of tasks) {
    const range = maxVUs === vus ? formatPlural(vus, 'VU') : `${formatCount(vus)} to ${formatPlural(maxVUs, 'VU')}`;
    groups.set(range, (groups.get(range) ?? 0) + 1);
  }
  return [...groups]
    .map(([range, count]) => `${formatCount(count)} with ${range}${count > 1 ? ' each' : ''}`)
    .join(', ');
}

function vusOf(tasks: readonly TaskPlan[]): string {
  const vus = tasks.reduce((sum, task) => sum + task.vus, 0);
  const maxVUs = tasks.reduce((sum, task) => sum + task.maxVUs, 0);
  return maxVUs === vus
    ? `${formatCount(vus)} in total`
    : `${formatCount(vus)} at the start, at most ${formatCount(maxVUs)}`;
}

function iterationsOf({ scenarios }: Plan): string {
  const fixed = scenarios.flatMap(({ iterations }) => iterations ?? []);
  if (fixed.length === 0) return 'as many as the duration allows';
  const total = fixed.reduce((sum, count) => sum + count, 0);
  return fixed.length === scenarios.length ? `${formatCount(total)} in total` : `at least ${formatCount(total)}`;
}

/** The planned time of the load, as far as it is fixed, and the longest that it may take with graceful stops. */
function durationOf(plan: Plan): string {
  const { loadMs, durationMs } = plan;
  const leastMs = minimumLoadMs(plan);
  if (leastMs < loadMs) {
    const most = `at most ${formatShortDuration(durationMs)}`;
    return leastMs > 0 ? `at least ${formatShortDuration(leastMs)}, ${most}` : most;
  }
  if (loadMs >= durationMs) return `at most ${formatShortDuration(durationMs)}`;
  return `${formatShortDuration(loadMs)}, at most ${formatShortDuration(durationMs)} with graceful stops`;
}

function rpsOf(tasks: readonly TaskPlan[]): string[] {
  const limits = tasks.map((task) => task.rps).filter((rps) => rps !== null);
  const total = limits.reduce((sum, rps) => sum + rps, 0);
  return limits.length === 0 ? [] : [`${formatCount(total)} requests/s in total`];
}

function lifecycleOf({ exports, setupTimeoutMs, teardownTimeoutMs }: Plan): string {
  const functions = [
    ...(exports.setup ? [`setup (timeout ${formatShortDuration(setupTimeoutMs)})`] : []),
    ...(exports.teardown ? [`teardown (timeout ${formatShortDuration(teardownTimeoutMs)})`] : []),
    ...(exports.handleSummary ? ['handleSummary'] : []),
  ];
  if (functions.length === 0) return 'no setup, teardown or handleSummary';
  return `${functions.join(', ')}: ${functions.length === 1 ? 'runs once' : 'each runs once'}`;
}

/** The unit of a threshold's value: times are in ms, data in bytes; counts have none. */
function unitOf({ type, contains }: ThresholdKey, { aggregate }: Threshold): string {
  const unit = contains === 'time' ? 'ms' : contains === 'data' ? 'B' : '';
  if (type === 'rate') return '';
  return type === 'counter' && aggregate === 'rate' ? `${unit}/s` : unit;
}

function thresholdText(key: ThresholdKey, threshold: Threshold): string {
  const { aggregate, percentile, operator, value, abortOnFail, delayAbortEvalMs } = threshold;
  const left = aggregate === 'p' ? `p(${percentile ?? '?'})` : aggregate;
  const text = `${left} ${operator} ${value}${unitOf(key, threshold)}`;
  if (!abortOnFail) return text;
  return `${text} (abortOnFail${delayAbortEvalMs ? `, delayAbortEval ${formatShortDuration(delayAbortEvalMs)}` : ''})`;
}

function thresholdLines(keys: readonly ThresholdKey[], width: number, paint: Colours): string[] {
  if (keys.length === 0) return fieldLines('thresholds', 'none', width, paint);
  return [
    '',
    paint.bold('Thresholds'),
    ...keys.flatMap((key) => [
      ...wrap(printable(key.key), width - 2).map((line) => `  ${line}`),
      ...key.thresholds.flatMap((threshold) => bulletLines('·', thresholdText(key, threshold), width, undefined, 4)),
    ]),
  ];
}

function expectationsOf(target: TargetPlan): string[] {
  const { scaleOutWithinMs, minPeakTasks, maxErrorRate, recoverWithin, thresholds = {} } = target;
  const texts: string[] = [];
  if (scaleOutWithinMs !== undefined) {
    texts.push(`scales out within ${formatShortDuration(scaleOutWithinMs)} of the load increase`);
  }
  if (minPeakTasks !== undefined) texts.push(`runs at least ${formatPlural(minPeakTasks, 'task')} at its peak`);
  if (maxErrorRate !== undefined) texts.push(`fails at most ${formatShare(maxErrorRate)} of requests`);
  if (recoverWithin !== undefined) {
    const within = formatShortDuration(recoverWithin.withinMs);
    texts.push(`p95 returns below ${formatLatency(recoverWithin.p95Ms)} within ${within} of the load increase`);
  }
  for (const [series, list] of Object.entries(thresholds)) {
    texts.push(`${series}: ${list.map(({ source }) => source).join(', ')}`);
  }
  return texts;
}

function targetLines(target: TargetPlan | null, width: number, paint: Colours): string[] {
  if (target === null) return [];
  const { observe } = target;
  const source = observe === OBSERVE_STACK ? "observed as the stack's configuration says" : `observed at ${observe}`;
  const observed =
    observe === null
      ? bulletLines('!', 'not observed (observe is not set): its scaling cannot be judged', width, paint.yellow)
      : bulletLines('·', source, width);
  const expectations = expectationsOf(target).flatMap((text) => bulletLines('·', text, width));
  const none = bulletLines('·', 'no expectations: its scaling is shown, but not judged', width);
  return ['', paint.bold('Target'), ...observed, ...(expectations.length > 0 ? expectations : none)];
}

function warningLines(warnings: readonly string[], width: number, paint: Colours): string[] {
  if (warnings.length === 0) return [];
  return ['', paint.bold('Warnings'), ...warnings.flatMap((text) => bulletLines('!', text, width, paint.yellow))];
}

/** What a run on AWS is going to take and to cost. @param width columns of the terminal */
export function estimateText(estimate: Estimate, width: number, colours: boolean): string {
  const paint = palette(colours);
  const { perHour, total, isMaximum, items, launchSeconds, notes } = estimate;
  const shares = items
    .filter(({ dollars }) => dollars >= total / 100)
    .sort((a, b) => b.dollars - a.dollars)
    .map(({ name, dollars }) => `${name} ${money(dollars)}`);
  const cost = `${isMaximum ? 'at most' : 'about'} ${money(total)} in total, ${money(perHour)} per hour: ${shares.join(', ')}`;
  return [
    ...fieldLines('launch', `about ${formatShortDuration(launchSeconds * 1000)}`, width, paint),
    ...fieldLines('cost', cost, width, paint),
    ...fieldLines('', notes.join('; '), width, paint),
    '',
  ].join('\n');
}

/** Two decimals, or more for amounts that two would hide. */
const money = (dollars: number): string => `$${dollars >= 0.1 ? dollars.toFixed(2) : dollars.toPrecision(2)}`;
