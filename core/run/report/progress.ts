import type { Progress } from '../../contract/progress.ts';
import { type LiveStats, liveStats } from '../../metrics/live.ts';
import type { RunMetrics } from '../../metrics/run-metrics.ts';
import { refusalWarnings } from '../phases/launch-queue.ts';
import { isLost, type Run, type TaskRecord } from '../state.ts';
import { isLoadOver, thresholdStates } from './frontier.ts';
import { loadProgress, minimumLoadMs } from './scenario-progress.ts';

const TOP_MESSAGES = 3;
const TOP_MESSAGE_LENGTH = 200;
/** Of the lines of the console, characters: progress.json is written every second. */
const CONSOLE_LENGTH = 16 * 1024;

const topMessages = (metrics: RunMetrics): Progress['errors']['top'] =>
  metrics.log
    .list()
    .slice(0, TOP_MESSAGES)
    .map(({ message, count }) => ({ message: message.slice(0, TOP_MESSAGE_LENGTH), count }));

/** progress.json of the run as it stands. @param now Unix ms */
export function progressOf(run: Run, now: number): Progress {
  const { plan, state, metrics } = run;
  const live = liveOf(run);
  const count = (test: (task: TaskRecord) => boolean) => state.tasks.filter(test).length;
  const { second } = metrics.frontier;
  const elapsedMs = state.startAt === null ? 0 : Math.max(0, now - state.startAt);
  return {
    id: plan.id,
    name: plan.name,
    phase: state.phase,
    at: now,
    startAt: state.startAt,
    elapsedMs,
    durationMs: plan.loadMs,
    isDurationMaximum: minimumLoadMs(plan) < plan.loadMs,
    ...loadProgress(plan, metrics, elapsedMs),
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
    judgedUntil: second === null ? null : (second + metrics.bounds.cellSeconds) * 1000,
    thresholds: thresholdStates(run, now),
    errors: { ...metrics.log.totals(), top: topMessages(metrics) },
    console: { lines: metrics.console.latest(CONSOLE_LENGTH), held: metrics.console.held },
    target: state.readings.at(-1) ?? null,
    warnings: [...state.warnings, ...refusalWarnings(state)],
  };
}

/** The numbers of the live view, at the frontier: those of the tasks that still run. After the load there are none. */
export function liveOf({ state, metrics }: Run): LiveStats {
  const second = isLoadOver({ state }) ? null : metrics.frontier.second;
  return liveStats(metrics, second, (task) => state.tasks[task]?.outcome === null);
}
