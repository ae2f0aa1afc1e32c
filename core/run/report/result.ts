import { FleetExit, K6Exit } from '../../contract/exit-codes.ts';
import type { Plan } from '../../contract/plan.ts';
import type { Result, TargetResult, TaskResult } from '../../contract/result.ts';
import { breakdownRows, checkResults, metricResults, seriesPoints } from '../../metrics/metric-results.ts';
import type { RunMetrics } from '../../metrics/run-metrics.ts';
import { judge, type KeyVerdict } from '../../metrics/thresholds.ts';
import { targetVerdict } from '../../scaling/verdict.ts';
import { isComplete, isStopped } from '../k6-exit.ts';
import { lastError } from '../k6-log.ts';
import { refusalWarnings } from '../phases/launch-queue.ts';
import type { RunState, TaskRecord } from '../state.ts';
import { alarmMessage, alarmsSinceStart, failingAlarms } from './alarms.ts';

/** A task whose machine is busier than this for so long no longer keeps its own pace; a shorter peak may be its start. */
const SATURATED = 0.95;
const SATURATED_MS = 5000;

/** When the load ended: the last k6's exit; `now` while one runs. */
export function loadEnd(state: RunState, now: number): number {
  const ends = state.tasks.map(({ outcome }) => outcome?.endedAt ?? now);
  return Math.max(state.startAt ?? now, ...ends);
}

/** k6's time of the test, ms: setup, load and teardown; what rates are per, and delayAbortEval is compared with. */
export function testDurationMs(state: RunState, now: number): number {
  const load = state.startAt === null ? 0 : Math.max(0, loadEnd(state, now) - state.startAt);
  return (state.setup?.durationMs ?? 0) + load + (state.teardown?.durationMs ?? 0);
}

/** The answer: everything that is known at the end of a run. */
export function buildResult(plan: Plan, state: RunState, merged: RunMetrics, now: number): Result {
  const durationMs = testDurationMs(state, now);
  const verdicts = judge(merged, plan.thresholds, durationMs, { final: true });
  const metrics = metricResults(merged, plan, durationMs, verdicts);
  const series = seriesPoints(merged);
  const tasks = state.tasks.map((task, index) => taskResult(plan, state, merged, task, index));
  const target = judgeTarget(plan, state, metrics.http_req_failed?.values.rate ?? 0, series.points, now);
  const iso = (ms: number) => new Date(ms).toISOString();
  return {
    version: 1,
    run: {
      id: plan.id,
      name: plan.name,
      script: plan.script,
      k6Version: plan.k6Version,
      createdAt: plan.createdAt,
      startedAt: state.startAt === null ? null : iso(state.startAt),
      endedAt: iso(now),
      testRunDurationMs: durationMs,
      setupMs: state.setup?.durationMs ?? 0,
      teardownMs: state.teardown?.durationMs ?? 0,
      tasks: plan.tasks.length,
      legs: state.legs,
    },
    verdict: verdict(plan, state, verdicts, tasks, target),
    stop: state.stop,
    warnings: [...plan.warnings, ...state.warnings, ...refusalWarnings(state), ...overflowWarnings(merged)],
    generator: generator(metrics.dropped_iterations?.values.count ?? 0, state, tasks, durationMs),
    metrics,
    checks: checkResults(merged),
    breakdown: breakdownRows(merged),
    series,
    tasks,
    target,
    alarms: alarmsSinceStart(state),
  };
}

/** Every reason to fail, in the order of k6's precedence; the first one's exit code is the run's. */
function verdict(
  plan: Plan,
  state: RunState,
  thresholds: KeyVerdict[],
  tasks: TaskResult[],
  target: TargetResult | null,
): Result['verdict'] {
  const reasons: { message: string; exitCode: number }[] = [];
  if (state.stop !== null) reasons.push(state.stop);
  const { teardown } = state;
  if (teardown !== null && !isComplete(teardown.exitCode)) {
    const message = `teardown() failed: ${lastError(teardown.logTail) ?? 'see the task log'}`;
    reasons.push({ message, exitCode: teardown.exitCode ?? FleetExit.tasksLost });
  }
  if (state.markedFailed) reasons.push({ message: 'test run was marked as failed', exitCode: K6Exit.markedAsFailed });
  const crossed = thresholds.filter(({ ok }) => !ok).map(({ key }) => key);
  if (crossed.length > 0) {
    const message = `thresholds on metrics '${crossed.join(', ')}' have been crossed`;
    reasons.push({ message, exitCode: K6Exit.thresholdsFailed });
  }
  const lost = tasks.filter((task) => task.lost !== null);
  if (lost.length > plan.maxLost || lost.length === tasks.length) {
    const names = lost.map(({ task, lost: loss }) => `task ${task} (${loss?.reason})`).join(', ');
    const message = `${lost.length} of ${tasks.length} tasks lost, ${plan.maxLost} allowed by --max-lost: ${names}`;
    const none = `all tasks were lost, which --max-lost cannot allow: ${names}`;
    reasons.push({ message: lost.length > plan.maxLost ? message : none, exitCode: FleetExit.tasksLost });
  }
  for (const expectation of target?.expectations ?? []) {
    if (!expectation.ok) reasons.push({ message: expectation.message, exitCode: FleetExit.targetFailed });
  }
  for (const alarm of failingAlarms(state)) {
    reasons.push({ message: alarmMessage(alarm), exitCode: FleetExit.targetFailed });
  }
  return {
    passed: reasons.length === 0,
    exitCode: reasons[0]?.exitCode ?? K6Exit.ok,
    // An alarm that stopped the run has been told as its first reason.
    reasons: [...new Set(reasons.map(({ message }) => message))],
  };
}

function taskResult(plan: Plan, state: RunState, metrics: RunMetrics, task: TaskRecord, index: number): TaskResult {
  const { outcome } = task;
  const counts = metrics.tasks.get(index);
  return {
    task: index,
    attempts: task.attempt + 1,
    state: taskState(state, task),
    exitCode: outcome?.exitCode ?? null,
    startSkewMs: task.startSkewMs,
    requests: counts?.requests ?? 0,
    iterations: counts?.iterations ?? 0,
    peakBusy: counts?.peakBusy ?? 0,
    lost:
      outcome === null || outcome.lost === null
        ? null
        : {
            at: new Date(outcome.endedAt).toISOString(),
            atMs: outcome.endedAt - (state.startAt ?? outcome.endedAt),
            missingShare: missingShare(plan, state.startAt, outcome.endedAt),
            reason: outcome.lost,
          },
    message: outcome?.message ?? null,
  };
}

/** The part of the planned time of all tasks that was left when one was lost, 0 to 1. */
function missingShare(plan: Plan, startAt: number | null, lostAt: number): number {
  if (startAt === null || plan.loadMs <= 0) return 0;
  const left = Math.min(1, Math.max(0, 1 - (lostAt - startAt) / plan.loadMs));
  return left / plan.tasks.length;
}

function taskState(state: RunState, { outcome }: TaskRecord): TaskResult['state'] {
  if (outcome === null) return 'not-started';
  if (outcome.lost !== null) return 'lost';
  if (isComplete(outcome.exitCode)) return 'done';
  const wasEnded = outcome.exitCode === null || isStopped(outcome.exitCode);
  return state.stop !== null && wasEnded ? 'stopped' : 'failed';
}

function judgeTarget(
  plan: Plan,
  state: RunState,
  errorRate: number,
  points: Result['series']['points'],
  now: number,
): TargetResult | null {
  if (plan.target === null) return null;
  const { readings, events, samples, startAt: startAtMs, observedUntil } = state;
  const endedAtMs = observedUntil ?? loadEnd(state, now);
  return targetVerdict({ readings, events, samples, points, errorRate, plan: plan.target, startAtMs, endedAtMs });
}

/** Whether the load generator itself was the bottleneck, and why. */
export function generator(
  dropped: number,
  state: RunState,
  tasks: readonly Pick<TaskResult, 'task' | 'peakBusy'>[],
  durationMs: number,
): Result['generator'] {
  const reasons: string[] = [];
  const busy = tasks
    .filter(({ peakBusy }) => durationMs >= SATURATED_MS && peakBusy >= SATURATED)
    .map(({ task }) => task);
  if (busy.length > 0) {
    reasons.push(`the CPU of task ${busy.join(', ')} was ${SATURATED * 100} % busy or more for five seconds`);
  }
  if (dropped > 0) reasons.push(`${dropped} iterations were dropped: not enough free VUs to keep the arrival rate`);
  const late = Object.entries(state.lateTasks);
  if (late.length > 0) {
    const worst = Math.max(...late.map(([, ms]) => ms));
    reasons.push(
      `task ${late.map(([task]) => task).join(', ')} shipped windows up to ${Math.round(worst / 1000)} s late`,
    );
  }
  return { saturated: reasons.length > 0, reasons };
}

const overflowWarnings = (metrics: RunMetrics): string[] =>
  [...metrics.overflow].map(
    (metric) => `${metric} has too many different tags: the rest is counted in one row; name requests by a "name" tag`,
  );
