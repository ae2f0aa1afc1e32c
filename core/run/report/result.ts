import { FleetExit, K6Exit } from '../../contract/exit-codes.ts';
import type { Plan } from '../../contract/plan.ts';
import type { Result, TargetResult, TaskResult } from '../../contract/result.ts';
import { breakdownRows, checkResults, metricResults, seriesPoints } from '../../metrics/metric-results.ts';
import type { RunMetrics } from '../../metrics/run-metrics.ts';
import { sectionResults } from '../../metrics/section-results.ts';
import { type TestTimes, testDuration } from '../../metrics/test-times.ts';
import { judge, type KeyVerdict } from '../../metrics/thresholds.ts';
import { targetVerdict } from '../../scaling/verdict.ts';
import { isComplete, isStopped } from '../k6-exit.ts';
import { failureCause } from '../phases/job.ts';
import { refusalWarnings } from '../phases/launch-queue.ts';
import { isLost, type Run, type RunState, type TaskRecord } from '../state.ts';
import { alarmMessage, alarmsSinceStart, failingAlarms } from './alarms.ts';
import { errorMessages, verdictNotes } from './errors.ts';
import { generator } from './generator.ts';
import { lossOf } from './losses.ts';

/** When the load ended: when the last k6 exited, or `now` while one is running. Unix ms. */
export function loadEnd(state: RunState, now: number): number {
  const ends = state.tasks.map(({ outcome }) => outcome?.endedAt ?? now);
  return Math.max(state.startAt ?? now, ...ends);
}

/** How long each part of the test took, or has taken so far. */
export const testTimes = (state: RunState, now: number): TestTimes => ({
  setupMs: state.setup?.durationMs ?? 0,
  startAtMs: state.startAt,
  loadEndMs: loadEnd(state, now),
  teardownMs: state.teardown?.durationMs ?? 0,
  wasStopped: state.stop !== null,
});

/** testRunDurationMs as in k6: setup, load and teardown. */
export const testDurationMs = (state: RunState, now: number): number => testDuration(testTimes(state, now));

/** result.json. @param now Unix ms */
export function buildResult(run: Run, now: number): Result {
  const { plan, state, metrics } = run;
  const times = testTimes(state, now);
  const durationMs = testDuration(times);
  const verdicts = judge(metrics, plan.thresholds, times);
  const results = metricResults(metrics, plan, times, verdicts);
  const series = seriesPoints(metrics);
  const tasks = state.tasks.map((task, index) => taskResult(run, task, index));
  const target = judgeTarget(plan, state, requestErrorRate(metrics), series.points, now);
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
    notes: verdictNotes(metrics),
    stop: state.stop,
    warnings: [
      ...plan.k6Warnings,
      ...plan.warnings,
      ...state.warnings,
      ...refusalWarnings(state),
      ...overflowWarnings(metrics),
      ...sectionWarnings(metrics),
    ],
    generator: generator({
      dropped: results.dropped_iterations?.values.count ?? 0,
      state,
      tasks,
      durationMs,
      isMachineShared: plan.fargate === null,
    }),
    metrics: results,
    checks: checkResults(metrics),
    breakdown: breakdownRows(metrics),
    errors: errorMessages(metrics),
    failedRequests: metrics.failures.list(),
    sections: sectionResults(metrics, plan, durationMs),
    series,
    tasks,
    target,
    alarms: alarmsSinceStart(state),
  };
}

/** A reason is one line: more lost tasks than this are only counted. */
const MAX_LISTED_LOSSES = 10;

/** Every reason to fail, in the precedence of k6; the first gives the exit code. */
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
    const message = `teardown() failed: ${failureCause(teardown)}`;
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
    const listed = lost.slice(0, MAX_LISTED_LOSSES).map(({ task, lost: loss }) => `task ${task} (${loss?.reason})`);
    const more = lost.length > listed.length ? ` and ${lost.length - listed.length} more` : '';
    const names = `${listed.join(', ')}${more}`;
    const tooMany = `${lost.length} of ${tasks.length} tasks lost, --max-lost allows ${plan.maxLost}: ${names}`;
    const all = `all tasks were lost, which fails the run whatever --max-lost allows: ${names}`;
    reasons.push({ message: lost.length > plan.maxLost ? tooMany : all, exitCode: FleetExit.tasksLost });
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
    // An alarm that stopped the run is the first reason already.
    reasons: [...new Set(reasons.map(({ message }) => message))],
  };
}

function taskResult(run: Run, task: TaskRecord, index: number): TaskResult {
  const { state, metrics } = run;
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
    peakOwnBusy: counts === undefined ? 0 : counts.peakOwnBusy,
    lost: lossOf(run, task, index),
    message: outcome?.message ?? null,
  };
}

function taskState(state: RunState, task: TaskRecord): TaskResult['state'] {
  const { outcome } = task;
  if (outcome === null) return 'not-started';
  if (isLost(task)) return 'lost';
  if (isComplete(outcome.exitCode)) return 'done';
  const wasEnded = outcome.exitCode === null || isStopped(outcome.exitCode);
  return state.stop !== null && wasEnded ? 'stopped' : 'failed';
}

/** 0 to 1; null: no request was made. */
function requestErrorRate(metrics: RunMetrics): number | null {
  const { passes, total } = metrics.rate('http_req_failed');
  return total === 0 ? null : passes / total;
}

function judgeTarget(
  plan: Plan,
  state: RunState,
  errorRate: number | null,
  points: Result['series']['points'],
  now: number,
): TargetResult | null {
  if (plan.target === null) return null;
  const { readings, events, samples, startAt: startAtMs, observedUntil } = state;
  const endedAtMs = observedUntil ?? loadEnd(state, now);
  return targetVerdict({
    readings,
    events,
    samples,
    points,
    errorRate,
    plan: plan.target,
    startAtMs,
    ...(startAtMs !== null && { loadEndsAtMs: startAtMs + plan.loadMs }),
    endedAtMs,
  });
}

const sectionWarnings = ({ sections, bounds }: RunMetrics): string[] =>
  sections.truncated
    ? [
        `the summary shows ${bounds.maxSections} scenarios and ${bounds.maxSections} groups at most, and there were more: use group names with few values`,
      ]
    : [];

const overflowWarnings = (metrics: RunMetrics): string[] =>
  [...metrics.overflow].map(
    (metric) => `${metric} has too many different tags: the rest is in one row; group requests by a "name" tag`,
  );
