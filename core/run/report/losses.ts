/** Which part of the planned load a lost task took from the run. */
import type { Plan } from '../../contract/plan.ts';
import type { TaskResult } from '../../contract/result.ts';
import { isLost, type Run, type TaskRecord } from '../state.ts';

/** The loss of a task; null: it is not lost. */
export function lossOf(run: Run, task: TaskRecord, index: number): TaskResult['lost'] {
  if (!isLost(task)) return null;
  const { startAt } = run.state;
  const { endedAt, lost } = task.outcome;
  return {
    at: new Date(endedAt).toISOString(),
    atMs: endedAt - (startAt ?? endedAt),
    ...(missingIterations(run, index) ?? missingTime(run, endedAt, index)),
    reason: lost,
  };
}

type Missing = Pick<NonNullable<TaskResult['lost']>, 'missingShare' | 'missingOf'>;

/** Of the planned iterations of all tasks; null: a scenario has no fixed number of them. */
function missingIterations({ plan, state, metrics }: Run, index: number): Missing | null {
  const planned = plan.tasks[index]?.iterations ?? null;
  const total = plan.tasks.reduce((sum, { iterations }) => sum + (iterations ?? 0), 0);
  if (planned === null || state.startAt === null || total === 0) return null;
  const done = metrics.tasks.get(index)?.iterations ?? 0;
  return { missingShare: Math.max(0, planned - done) / total, missingOf: 'iterations' };
}

/** Of the load time of all VUs. Scenarios may end with their iterations, before the planned time: then it is the others'. */
function missingTime({ plan, state }: Run, lostAt: number, index: number): Missing {
  const { startAt, stop } = state;
  const others = state.tasks.filter((task) => !isLost(task)).map(({ outcome }) => outcome?.endedAt ?? null);
  const longest =
    stop !== null || others.length === 0 || others.includes(null) ? null : Math.max(...others.map(Number));
  const loadMs = longest === null ? plan.loadMs : Math.min(plan.loadMs, longest - (startAt ?? longest));
  if (startAt === null || loadMs <= 0) return { missingShare: 0, missingOf: 'time' };
  const left = Math.min(1, Math.max(0, 1 - (lostAt - startAt) / loadMs));
  return { missingShare: left * weightOf(plan, index), missingOf: 'time' };
}

/** The task's part of all VUs, 0 to 1. */
function weightOf({ tasks }: Plan, index: number): number {
  const total = tasks.reduce((sum, { maxVUs }) => sum + maxVUs, 0);
  return total > 0 ? (tasks[index]?.maxVUs ?? 0) / total : 1 / tasks.length;
}
