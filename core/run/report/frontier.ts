/** The frontier of a run: the last second that every running task has delivered. */
import type { Plan } from '../../contract/plan.ts';
import type { TestTimes } from '../../metrics/test-times.ts';
import { type InterimVerdict, judge, judgeAtFrontier } from '../../metrics/thresholds.ts';
import { isLost, missingWindows, type Run, type TaskRecord } from '../state.ts';
import { loadEnd, testTimes } from './result.ts';

/**
 * A task is silent if it is this far behind, in window intervals and ms: a healthy one ships a cell at most an interval
 * after the cell's end, is polled an interval of polling later, and takes half a second for both. So it has missed two.
 */
const SILENT_WINDOWS = 3;
const SILENT_MS = 2000;

/** How far behind the frontier can be, ms: 5.2 s on one machine, 9 s with up to 25 tasks on AWS, 22 s with more. */
const silentAfterMs = ({ timing }: Pick<Plan, 'timing'>): number =>
  SILENT_WINDOWS * timing.windowMs + timing.taskPollIntervalMs + SILENT_MS;

/** All of its load is in the metrics, or lost. */
const hasEnded = (task: TaskRecord): boolean => task.outcome !== null && (isLost(task) || missingWindows(task) === 0);

/**
 * The last second that every running task has delivered, Unix seconds. Null: no task is running, or all are silent, or
 * one of them has not delivered a second of the load yet. A task that has been silent does not count until it delivers.
 * @param now Unix ms
 */
function deliveredSecond({ plan, state, metrics }: Run, now: number): number | null {
  const { startAt } = state;
  if (startAt === null) return null;
  const { cellSeconds } = metrics.bounds;
  const silentMs = silentAfterMs(plan);
  let delivered = Number.POSITIVE_INFINITY;
  state.tasks.forEach((task, index) => {
    if (hasEnded(task)) return;
    const second = metrics.tasks.get(index)?.delivered ?? -1;
    const behindMs = now - Math.max(startAt, (second + cellSeconds) * 1000);
    if (behindMs <= silentMs) delivered = Math.min(delivered, second);
  });
  return Number.isFinite(delivered) && (delivered + cellSeconds) * 1000 > startAt ? delivered : null;
}

/** Moves the frontier on as far as the tasks have delivered; once the load is over, to its end. @param now Unix ms */
export function advanceFrontier(run: Run, now: number): void {
  const { state, metrics } = run;
  if (isLoadOver({ state })) metrics.frontier.advanceToEnd();
  const second = deliveredSecond(run, now);
  if (second !== null) metrics.frontier.advance(second);
}

/** Whether the load has ended, and all that is left of it is in the metrics. */
export const isLoadOver = ({ state }: Pick<Run, 'state'>): boolean =>
  state.startAt !== null && state.tasks.every(hasEnded);

/** How long each part of the test has taken up to the frontier: as far as there are samples of it. */
function timesAtFrontier(run: Run): TestTimes {
  const { state, metrics } = run;
  const { second, jobMs } = metrics.frontier;
  const endMs = second === null ? 0 : (second + metrics.bounds.cellSeconds) * 1000;
  return {
    setupMs: state.setup?.durationMs ?? jobMs.setup,
    startAtMs: state.startAt,
    loadEndMs: isLoadOver(run) ? loadEnd(state, endMs) : Math.max(state.startAt ?? 0, endMs),
    teardownMs: state.teardown?.durationMs ?? jobMs.teardown,
    wasStopped: state.stop !== null,
  };
}

/** The thresholds as they stand at the frontier. */
export function judgeSoFar(run: Run): InterimVerdict[] {
  const { plan, state, metrics } = run;
  return judgeAtFrontier(metrics, plan.thresholds, timesAtFrontier(run), (task) => state.tasks[task]?.outcome === null);
}

/** The thresholds as progress.json shows them: once all samples are there, as the result has them. @param now Unix ms */
export function thresholdStates(run: Run, now: number) {
  const { plan, state, metrics } = run;
  const isFinal = state.phase === 'summary' || state.phase === 'observing' || state.phase === 'finished';
  if (!isFinal) {
    return judgeSoFar(run).flatMap(({ key, thresholds }) =>
      thresholds.map(({ source, state }) => ({ key, source, state })),
    );
  }
  return judge(metrics, plan.thresholds, testTimes(state, now)).flatMap(({ key, thresholds }) =>
    thresholds.map(({ source, ok }) => ({ key, source, state: ok ? ('passing' as const) : ('failing' as const) })),
  );
}
