/** The verdict of a run: which of several reasons to fail gives the exit code. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ThresholdKey } from '../../../../../core/contract/plan.ts';
import { RunMetrics } from '../../../../../core/metrics/run-metrics.ts';
import { buildResult, testDurationMs } from '../../../../../core/run/report/result.ts';
import { initialState, type RunState } from '../../../../../core/run/state.ts';
import { foldWindow } from '../../../../support/fold.ts';
import { planOf } from '../../../../support/sim/plan.ts';

const START = Date.UTC(2026, 0, 1);

/** A threshold that an empty counter fails at the end. */
const crossed: ThresholdKey = {
  key: 'seen',
  metric: 'seen',
  type: 'counter',
  contains: 'default',
  tags: null,
  thresholds: [
    { source: 'count>0', aggregate: 'count', operator: '>', value: 0, abortOnFail: false, delayAbortEvalMs: null },
  ],
};

/** Reasons to fail, the strongest first. */
const REASONS = ['stop', 'teardown', 'marked', 'thresholds', 'lost', 'target'] as const;
type Reason = (typeof REASONS)[number];
const EXIT: Record<Reason, number> = { stop: 108, teardown: 107, marked: 110, thresholds: 99, lost: 121, target: 120 };

function resultWith(reasons: readonly Reason[], change: { maxLost?: number; state?: Partial<RunState> } = {}) {
  const has = (reason: Reason) => reasons.includes(reason);
  const plan = planOf({
    tasks: 2,
    durationMs: 10_000,
    maxLost: change.maxLost ?? 0,
    thresholds: has('thresholds') ? [crossed] : [],
    target: has('target') ? { observe: 'demo:http://127.0.0.1:1', minPeakTasks: 3 } : null,
  });
  const state = initialState(plan, START);
  Object.assign(state, {
    phase: 'finished',
    startAt: START,
    stop: has('stop') ? { kind: 'aborted', message: 'the script aborted', exitCode: EXIT.stop } : null,
    teardown: has('teardown') ? { exitCode: EXIT.teardown, durationMs: 1, logTail: ['it threw'] } : null,
    markedFailed: has('marked'),
    ...change.state,
  });
  state.tasks.forEach((task, index) => {
    const lost = has('lost') && index === 1;
    task.outcome = lost
      ? { exitCode: null, endedAt: START + 2500, lost: 'its worker was killed', message: null }
      : { exitCode: 0, endedAt: START + 10_000, lost: null, message: null };
  });
  const metrics = new RunMetrics(plan.thresholds, { cellSeconds: 1 });
  return buildResult({ plan, state, metrics }, START + 20_000);
}

test('without a reason to fail a run passes', () => {
  expect(resultWith([]).verdict).toEqual({ passed: true, exitCode: 0, reasons: [] });
});

test.each(REASONS)('%s alone fails the run with its own code', (reason) => {
  const { verdict } = resultWith([reason]);
  expect(verdict).toMatchObject({ passed: false, exitCode: EXIT[reason] });
  expect(verdict.reasons).toHaveLength(1);
  expect(verdict.reasons[0]).not.toContain('\n');
});

test('of several reasons the strongest gives the exit code, and all are reported', () => {
  fc.assert(
    fc.property(fc.subarray([...REASONS], { minLength: 1 }), (reasons) => {
      const { verdict } = resultWith(reasons);
      expect(verdict.exitCode).toBe(EXIT[reasons[0] as Reason]);
      expect(verdict.reasons).toHaveLength(reasons.length);
    }),
  );
});

test('a task that is lost after a quarter of the time took three eighths of the load of two', () => {
  const { tasks, verdict } = resultWith(['lost']);
  expect(tasks[1]).toMatchObject({
    state: 'lost',
    lost: {
      atMs: 2500,
      missingShare: 0.375,
      missingOf: 'time',
      reason: 'its worker was killed',
      at: '2026-01-01T00:00:02.500Z',
    },
  });
  expect(verdict.reasons[0]).toContain('task 1 (its worker was killed)');
});

test('of fixed iterations those that were not done are missing', () => {
  const plan = planOf({ tasks: 2, durationMs: 600_000 });
  plan.tasks.forEach((task) => {
    task.iterations = 40;
  });
  const state = initialState(plan, START);
  state.startAt = START;
  state.tasks.forEach((task, index) => {
    const lost = index === 1 ? 'killed' : null;
    task.outcome = { exitCode: null, endedAt: START + (index === 1 ? 5000 : 9000), lost, message: null };
  });
  const metrics = new RunMetrics([], { cellSeconds: 1 });
  const sample = { metric: 'iterations', type: 'counter', value: 30, atMs: START + 1000 } as const;
  metrics.addWindow(foldWindow([sample], { task: 1 }), { startAtMs: START, clockOffsetMs: 0 });
  const { tasks } = buildResult({ plan, state, metrics }, START + 20_000);
  expect(tasks[1]?.lost).toMatchObject({ missingShare: 10 / 80, missingOf: 'iterations' });
});

test('the load time ends with the other tasks, and a task weighs as much as its VUs', () => {
  const plan = planOf({ tasks: 3, durationMs: 600_000 });
  plan.tasks.forEach((task, index) => {
    task.maxVUs = [6, 2, 0][index] as number;
  });
  const state = initialState(plan, START);
  state.startAt = START;
  state.tasks.forEach((task, index) => {
    const lost = index === 0 ? null : 'killed';
    task.outcome = { exitCode: null, endedAt: START + (index === 0 ? 10_000 : 5000), lost, message: null };
  });
  const lossesOf = () =>
    buildResult({ plan, state, metrics: new RunMetrics([], { cellSeconds: 1 }) }, START + 20_000).tasks.map(
      ({ lost }) => lost?.missingShare,
    );
  expect(lossesOf()).toEqual([undefined, 0.5 * 0.25, 0]);
  state.stop = { kind: 'requested', message: 'stopped', exitCode: 105 };
  expect(lossesOf()[1], 'of what was planned, if the run was stopped').toBeCloseTo((595 / 600) * 0.25);
});

test('as many losses as --max-lost allows do not fail the run, and are still reported', () => {
  const { tasks, verdict } = resultWith(['lost'], { maxLost: 1 });
  expect(verdict).toEqual({ passed: true, exitCode: 0, reasons: [] });
  expect(tasks.map(({ state }) => state)).toEqual(['done', 'lost']);
});

test('a run that has lost all of its tasks fails whatever --max-lost allows', () => {
  const plan = planOf({ tasks: 1, maxLost: 5 });
  const state = initialState(plan, START);
  state.startAt = START;
  for (const task of state.tasks) task.outcome = { exitCode: null, endedAt: START, lost: 'killed', message: null };
  const { verdict } = buildResult({ plan, state, metrics: new RunMetrics([], { cellSeconds: 1 }) }, START);
  expect(verdict).toMatchObject({
    passed: false,
    exitCode: 121,
    reasons: [expect.stringContaining('all tasks were lost')],
  });
});

test('a teardown that was lost with its task has no code of k6', () => {
  const teardown = { exitCode: null, durationMs: 0, message: 'the task that ran it was lost', logTail: [] };
  expect(resultWith([], { state: { teardown } }).verdict.exitCode).toBe(121);
});

test('the time of the test is setup, load until the last task ended, and teardown', () => {
  const state = initialState(planOf({ tasks: 2 }), START);
  state.setup = { exitCode: 0, durationMs: 300, message: null, logTail: [] };
  expect(testDurationMs(state, START + 60_000), 'before the start').toBe(300);
  state.startAt = START;
  expect(testDurationMs(state, START + 1000), 'under load').toBe(1300);
  state.tasks.forEach((task, index) => {
    task.outcome = { exitCode: 0, endedAt: START + 4000 + index, lost: null, message: null };
  });
  state.teardown = { exitCode: 0, durationMs: 50, message: null, logTail: [] };
  expect(testDurationMs(state, START + 60_000), 'in the end').toBe(4351);
});
