import type { Progress } from '../../contract/progress.ts';
import { liveStats } from '../../metrics/live.ts';
import { judge } from '../../metrics/thresholds.ts';
import { refusalWarnings } from '../phases/launch-queue.ts';
import { isLost, type Run, type TaskRecord } from '../state.ts';
import { testDurationMs } from './result.ts';

/** progress.json of the run as it stands. @param now Unix ms */
export function progressOf({ plan, state, metrics }: Run, now: number): Progress {
  const live = liveStats(metrics, now);
  const count = (test: (task: TaskRecord) => boolean) => state.tasks.filter(test).length;
  const verdicts = judge(metrics, plan.thresholds, testDurationMs(state, now), { final: false });
  return {
    id: plan.id,
    name: plan.name,
    phase: state.phase,
    at: now,
    startAt: state.startAt,
    elapsedMs: state.startAt === null ? 0 : Math.max(0, now - state.startAt),
    durationMs: plan.loadMs,
    tasks: {
      planned: plan.tasks.length,
      ready: count(
        ({ status, outcome }) => outcome === null && (status?.phase === 'ready' || status?.phase === 'armed'),
      ),
      running: count(({ status, outcome }) => outcome === null && status?.phase === 'running'),
      done: count((task) => task.outcome !== null && !isLost(task)),
      lost: count(isLost),
    },
    vus: live.vus,
    maxVUs: plan.tasks.reduce((sum, { maxVUs }) => sum + maxVUs, 0),
    requests: live.requests,
    requestsPerSecond: live.requestsPerSecond,
    errorRate: live.errorRate,
    p50: live.p50,
    p95: live.p95,
    p99: live.p99,
    iterations: live.iterations,
    checksFailed: live.checksFailed,
    failing: verdicts.filter(({ ok }) => !ok).map(({ key }) => key),
    target: state.readings.at(-1) ?? null,
    warnings: [...state.warnings, ...refusalWarnings(state)],
  };
}
