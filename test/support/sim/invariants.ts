import { expect } from 'vitest';
import { Phase } from '../../../core/contract/control.ts';
import { SupersededError } from '../../../core/errors.ts';
import type { Played } from './world.ts';

/** Launches until a task is ready, and one for each job that finds no living host after the load. */
const MAX_LAUNCHES = 3 + 2;

const PHASES = Phase.options;

/** What must be true of every run, whatever has happened to it. */
export function expectSound(played: Played): void {
  expectOneCourse(played);
  expectOneConductor(played);
  expectJobsOnce(played);
  expectTotals(played);
  expectHonestVerdict(played);
}

/** control.json never goes back, and what the tasks were told of the start stays. */
function expectOneCourse({ told, plan, launches }: Played): void {
  const phases = told.map(({ control }) => PHASES.indexOf(control.phase));
  expect(phases).toEqual([...phases].sort((a, b) => a - b));
  expect(told.at(-1)?.control.phase).toBe('finished');
  const starts = told.map(({ control }) => control.startAt);
  const first = starts.find((startAt) => startAt !== null);
  if (first !== undefined) {
    expect(new Set(starts.slice(starts.indexOf(first)))).toEqual(new Set([first]));
  }
  plan.tasks.forEach((_, task) => {
    const attempts = told.map(({ control }) => control.attempts[task] ?? 0);
    expect(attempts).toEqual([...attempts].sort((a, b) => a - b));
    expect(launches.filter((ref) => ref.task === task).length).toBeLessThanOrEqual(MAX_LAUNCHES);
  });
}

/** Whoever is superseded says nothing after its successor has; in the end there is one result. */
function expectOneConductor({ told, endings, stored }: Played): void {
  const legs = told.map(({ leg }) => leg);
  for (const leg of new Set(legs)) {
    const own = legs.slice(legs.indexOf(leg), legs.lastIndexOf(leg) + 1);
    expect(new Set(own), 'nobody speaks in between').toEqual(new Set([leg]));
  }
  const results = endings.flatMap((ending) => (ending instanceof SupersededError ? [] : [ending]));
  expect(results.length).toBeGreaterThan(0);
  for (const { run, verdict } of results) {
    expect({ start: run.startedAt, verdict }).toEqual({ start: stored.run.startedAt, verdict: stored.verdict });
  }
}

/** setup(), teardown() and handleSummary() each end well at most once, and setup before anybody has its data. */
function expectJobsOnce({ jobs, armed, plan, told, stored }: Played): void {
  for (const kind of ['setup', 'teardown', 'summary'] as const) {
    expect(jobs.filter((job) => job.kind === kind && job.exitCode === 0).length, kind).toBeLessThanOrEqual(1);
  }
  expect(armed.every(({ dataThere }) => dataThere)).toBe(true);
  const ended = (kind: string) => jobs.some((job) => job.kind === kind && job.exitCode === 0);
  const hasStarted = told.some(({ control }) => control.startAt !== null);
  if (hasStarted) expect(ended('setup')).toBe(plan.exports.setup);
  if (stored.verdict.exitCode === 0) {
    expect(ended('teardown')).toBe(plan.exports.teardown);
    const warned = stored.warnings.some((warning) => warning.includes('handleSummary() failed'));
    expect(ended('summary') || warned).toBe(plan.exports.handleSummary);
  }
}

/** Every window that was shipped is in the result, once. */
function expectTotals({ windows, disowned, stored, plan }: Played): void {
  const sum = (list: Played['windows']) => list.reduce((total, { iterations }) => total + iterations, 0);
  const isDisowned = (ref: Played['windows'][number]) =>
    disowned.some(({ task, attempt }) => task === ref.task && attempt === ref.attempt);
  const atMost = sum(windows);
  const atLeast = sum(windows.filter((window) => !isDisowned(window)));
  const counted = stored.metrics.iterations?.values.count ?? 0;
  if (atLeast === atMost) expect(counted).toBe(atMost);
  expect(counted).toBeGreaterThanOrEqual(atLeast);
  expect(counted).toBeLessThanOrEqual(atMost);
  plan.tasks.forEach((_, task) => {
    const own = windows.filter((window) => window.task === task);
    const { iterations } = stored.tasks[task] ?? { iterations: -1 };
    expect(iterations).toBeGreaterThanOrEqual(sum(own.filter((window) => !isDisowned(window))));
    expect(iterations).toBeLessThanOrEqual(sum(own));
  });
}

/** A run that passes has lost nothing: every task has shipped all of its load. */
function expectHonestVerdict({ stored, windows, plan }: Played): void {
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
