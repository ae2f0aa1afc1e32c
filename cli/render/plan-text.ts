import type { Plan, TargetPlan, TaskPlan, Threshold, ThresholdKey } from '../../core/contract/plan.ts';
import { fieldLines, pointLines } from './field.ts';
import { formatCount, formatDuration, formatLatency, formatPlural, formatShare } from './format.ts';
import { type Colours, oneLine, palette, wrap } from './line.ts';

/**
 * What a run is going to do, as the plan has it.
 *
 * @param width columns of the terminal; from 40 on no line is longer
 */
export function planText(plan: Plan, width: number, colours: boolean): string {
  const paint = palette(colours);
  const field = (label: string, text: string) => fieldLines(label, text, width, paint);
  const lines = [
    ...field('run', plan.id),
    ...field('script', `${plan.script} (k6 ${plan.k6Version})`),
    ...field('tasks', tasksOf(plan.tasks)),
    ...field('VUs', vusOf(plan.tasks)),
    ...field('iterations', iterationsOf(plan.tasks)),
    ...field('duration', durationOf(plan)),
    ...rpsOf(plan.tasks).flatMap((text) => field('rate limit', text)),
    ...field('run once', onceOf(plan)),
    ...field(
      'lost tasks',
      plan.maxLost === 0 ? 'one lost task fails the run' : `up to ${formatPlural(plan.maxLost, 'task')} may be lost`,
    ),
    ...(plan.envNames.length > 0 ? field('variables', plan.envNames.join(', ')) : []),
    ...thresholdLines(plan.thresholds, width, paint),
    ...targetLines(plan.target, width, paint),
    ...warningLines(plan.warnings, width, paint),
  ];
  return `${lines.join('\n')}\n`;
}

/** `3 × 250 VUs, 1 × 249`: tasks of a kind are told once. */
function tasksOf(tasks: readonly TaskPlan[]): string {
  const kinds = new Map<string, number>();
  for (const { vus, maxVUs } of tasks) {
    const kind = maxVUs === vus ? formatCount(vus) : `${formatCount(vus)} to ${formatCount(maxVUs)}`;
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  const parts = [...kinds].map(([kind, count], i) => `${formatCount(count)} × ${kind}${i === 0 ? ' VUs' : ''}`);
  return parts.join(', ');
}

function vusOf(tasks: readonly TaskPlan[]): string {
  const vus = tasks.reduce((sum, task) => sum + task.vus, 0);
  const maxVUs = tasks.reduce((sum, task) => sum + task.maxVUs, 0);
  return maxVUs === vus
    ? `${formatCount(vus)} in all`
    : `${formatCount(vus)} at the start, ${formatCount(maxVUs)} at most`;
}

function iterationsOf(tasks: readonly TaskPlan[]): string {
  const fixed = tasks.map((task) => task.iterations).filter((count) => count !== null);
  if (fixed.length === 0) return 'as many as the time allows';
  const total = fixed.reduce((sum, count) => sum + count, 0);
  return fixed.length === tasks.length ? `${formatCount(total)} in all` : `at least ${formatCount(total)}`;
}

function rpsOf(tasks: readonly TaskPlan[]): string[] {
  const limits = tasks.map((task) => task.rps).filter((rps) => rps !== null);
  const total = limits.reduce((sum, rps) => sum + rps, 0);
  return limits.length === 0 ? [] : [`${formatCount(total)} requests a second in all`];
}

function onceOf({ exports, setupTimeoutMs, teardownTimeoutMs }: Plan): string {
  const jobs = [
    ...(exports.setup ? [`setup (at most ${formatDuration(setupTimeoutMs)})`] : []),
    ...(exports.teardown ? [`teardown (at most ${formatDuration(teardownTimeoutMs)})`] : []),
    ...(exports.handleSummary ? ['handleSummary'] : []),
  ];
  return jobs.length > 0 ? jobs.join(', ') : 'nothing: no setup, teardown or handleSummary';
}

/** The unit of what the threshold compares: times are in ms, data in bytes; counts have none. */
function unitOf({ type, contains }: ThresholdKey, { aggregate }: Threshold): string {
  const unit = contains === 'time' ? 'ms' : contains === 'data' ? 'B' : '';
  if (type === 'rate') return '';
  return type === 'counter' && aggregate === 'rate' ? `${unit}/s` : unit;
}

function understood(key: ThresholdKey, threshold: Threshold): string {
  const { aggregate, percentile, operator, value, abortOnFail, delayAbortEvalMs } = threshold;
  const left = aggregate === 'p' ? `p(${percentile ?? '?'})` : aggregate;
  const text = `${left} ${operator} ${value}${unitOf(key, threshold)}`;
  if (!abortOnFail) return text;
  return `${text}, else the test is aborted${delayAbortEvalMs ? `, though not in its first ${formatDuration(delayAbortEvalMs)}` : ''}`;
}

function thresholdLines(keys: readonly ThresholdKey[], width: number, paint: Colours): string[] {
  if (keys.length === 0) return fieldLines('thresholds', 'none', width, paint);
  return [
    '',
    paint.bold('Thresholds'),
    ...keys.flatMap((key) => [
      ...wrap(oneLine(key.key), width - 2).map((line) => `  ${line}`),
      ...key.thresholds.flatMap((threshold) => pointLines('·', understood(key, threshold), width, undefined, 4)),
    ]),
  ];
}

function expectationsOf(target: TargetPlan): string[] {
  const { scaleOutWithinMs, minPeakTasks, maxErrorRate, recoverWithin, thresholds = {} } = target;
  const texts: string[] = [];
  if (scaleOutWithinMs !== undefined)
    texts.push(`more tasks run within ${formatDuration(scaleOutWithinMs)} of the load's rise`);
  if (minPeakTasks !== undefined) texts.push(`at least ${formatPlural(minPeakTasks, 'task')} at its peak`);
  if (maxErrorRate !== undefined) texts.push(`at most ${formatShare(maxErrorRate)} of all requests fail`);
  if (recoverWithin !== undefined) {
    const { p95Ms, withinMs } = recoverWithin;
    texts.push(`p95 is back under ${formatLatency(p95Ms)} within ${formatDuration(withinMs)} of the load's rise`);
  }
  for (const [series, list] of Object.entries(thresholds)) {
    texts.push(`${series}: ${list.map(({ source }) => source).join(', ')}`);
  }
  return texts;
}

function targetLines(target: TargetPlan | null, width: number, paint: Colours): string[] {
  if (target === null) return [];
  const expectations = expectationsOf(target);
  const lines = expectations.flatMap((text) => pointLines('·', text, width));
  if (lines.length === 0) lines.push(...pointLines('·', 'nothing is expected of it, it is only watched', width));
  const observed =
    target.observe === null
      ? pointLines('!', 'no observer is given, so its scaling cannot be judged', width, paint.yellow)
      : pointLines('·', `observed at ${target.observe}`, width);
  return ['', paint.bold('Target'), ...observed, ...lines];
}

function warningLines(warnings: readonly string[], width: number, paint: Colours): string[] {
  if (warnings.length === 0) return [];
  return ['', paint.bold('Warnings'), ...warnings.flatMap((text) => pointLines('!', text, width, paint.yellow))];
}

/** The time of the load, and the most that it may take with graceful stops. */
function durationOf({ loadMs, durationMs }: Plan): string {
  if (loadMs >= durationMs) return `${formatDuration(durationMs)} at most`;
  return `${formatDuration(loadMs)}, with graceful stops ${formatDuration(durationMs)} at most`;
}
