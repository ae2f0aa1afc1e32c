import { expect } from 'vitest';
import { Phase } from '../../../core/contract/control.ts';
import { SupersededError } from '../../../core/errors.ts';
import type { Outcome } from './world.ts';

/** Launches until a task is ready, and one for each job after the load that finds no task alive. */
const MAX_LAUNCHES = 3 + 2;

const PHASES = Phase.options;

/** What holds for every run, whatever its faults. */
export function expectSound(outcome: Outcome): void {
  expectForwardPhases(outcome);
  expectOneOwner(outcome);
  expectJobsOnce(outcome);
  expectTotals(outcome);
  expectHonestVerdict(outcome);
}

/** Phases and attempts in control.json only increase, and the start does not change once it is set. */
function expectForwardPhases({ controls, plan, launches }: Outcome): void {
  const phases = controls.map(({ control }) => PHASES.indexOf(control.phase));
  expect(phases).toEqual([...phases].sort((a, b) => a - b));
  expect(controls.at(-1)?.control.phase).toBe('finished');
  const starts = controls.map(({ control }) => control.startAt);
  const first = starts.find((startAt) => startAt !== null);
  if (first !== undefined) {
    expect(new Set(starts.slice(starts.indexOf(first)))).toEqual(new Set([first]));
  }
  plan.tasks.forEach((_, task) => {
    const attempts = controls.map(({ control }) => control.attempts[task] ?? 0);
    expect(attempts).toEqual([...attempts].sort((a, b) => a - b));
    expect(launches.filter((ref) => ref.task === task).length).toBeLessThanOrEqual(MAX_LAUNCHES);
  });
}

/** A coordinator that was superseded publishes nothing more; there is one result. */
function expectOneOwner({ controls, endings, stored }: Outcome): void {
  const legs = controls.map(({ leg }) => leg);
  for (const leg of new Set(legs)) {
    const own = legs.slice(legs.indexOf(leg), legs.lastIndexOf(leg) + 1);
    expect(new Set(own), 'no other leg publishes in between').toEqual(new Set([leg]));
  }
  const results = endings.flatMap((ending) => (ending instanceof SupersededError ? [] : [ending]));
  expect(results.length).toBeGreaterThan(0);
  for (const { run, verdict } of results) {
    expect({ start: run.startedAt, verdict }).toEqual({ start: stored.run.startedAt, verdict: stored.verdict });
  }
}

/** setup(), teardown() and handleSummary() each succeed at most once, and setup() before any task loads its data. */
function expectJobsOnce({ jobs, armed, plan, controls, stored }: Outcome): void {
  for (const kind of ['setup', 'teardown', 'summary'] as const) {
    expect(jobs.filter((job) => job.kind === kind && job.exitCode === 0).length, kind).toBeLessThanOrEqual(1);
  }
  expect(armed.every(({ hasData }) => hasData)).toBe(true);
  const ended = (kind: string) => jobs.some((job) => job.kind === kind && job.exitCode === 0);
  const hasStarted = controls.some(({ control }) => control.startAt !== null);
  if (hasStarted) expect(ended('setup')).toBe(plan.exports.setup);
  if (stored.verdict.exitCode === 0) {
    expect(ended('teardown')).toBe(plan.exports.teardown);
    const warned = stored.warnings.some((warning) => warning.includes('handleSummary() failed'));
    expect(ended('summary') || warned).toBe(plan.exports.handleSummary);
  }
}

/** Every window that was shipped is in the result once. */
function expectTotals({ windows, replaced, stored, plan }: Outcome): void {
  const sum = (list: Outcome['windows']) => list.reduce((total, { iterations }) => total + iterations, 0);
  const isReplaced = (ref: Outcome['windows'][number]) =>
    replaced.some(({ task, attempt }) => task === ref.task && attempt === ref.attempt);
  const atMost = sum(windows);
  const atLeast = sum(windows.filter((window) => !isReplaced(window)));
  const counted = stored.metrics.iterations?.values.count ?? 0;
  if (atLeast === atMost) expect(counted).toBe(atMost);
  expect(counted).toBeGreaterThanOrEqual(atLeast);
  expect(counted).toBeLessThanOrEqual(atMost);
  plan.tasks.forEach((_, task) => {
    const own = windows.filter((window) => window.task === task);
    const { iterations } = stored.tasks[task] ?? { iterations: -1 };
    expect(iterations).toBeGreaterThanOrEqual(sum(own.filter((window) => !isReplaced(window))));
    expect(iterations).toBeLessThanOrEqual(sum(own));
  });
}

/** In a run that passes every task that counts as done has shipped all of its load. */
function expectHonestVerdict({ stored, windows, plan }: Outcome): void {
  expect(stored.verdict.passed).toBe(stored.verdict.exitCode === 0);
  expect(stored.verdict.passed).toBe(stored.verdict.reasons.length === 0);
  const planned = Math.ceil(plan.durationMs / plan.timing.windowMs);
  for (const { task, state, attempts } of stored.tasks) {
    if (state !== 'done') continue;
    const load = windows.filter((window) => window.task === task && window.job === 'load');
    expect(load.length, `task ${task} after ${attempts} attempts`).toBe(planned);
  }
  if (!stored.verdict.passed) return;
  const lost = stored.tasks.filter(({ state }) => state === 'lost').length;
  expect(lost).toBeLessThan(plan.tasks.length);
  expect(lost).toBeLessThanOrEqual(plan.maxLost);
  expect(stored.tasks.filter(({ state }) => state === 'done').length).toBe(plan.tasks.length - lost);
}
