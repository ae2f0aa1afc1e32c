/** What went wrong inside the script, as the tasks' logs have it. */
import type { ErrorMessage } from '../../contract/result.ts';
import type { RunMetrics } from '../../metrics/run-metrics.ts';

const MAX_LISTED_TASKS = 20;

/** The most frequent first. */
export const errorMessages = (metrics: RunMetrics): ErrorMessage[] =>
  metrics.log.list().map(({ tasks, example, ...row }) => ({
    ...row,
    taskCount: tasks.list().length,
    tasks: tasks.list().slice(0, MAX_LISTED_TASKS),
    example: example?.message ?? null,
    stack: example?.stack ?? null,
  }));

/**
 * What plain k6 does not judge, but makes the numbers of a run meaningless: most iterations threw an exception, or none
 * sent anything.
 */
export function verdictNotes(metrics: RunMetrics): string[] {
  const { exceptions } = metrics.log.totals();
  // An iteration that is interrupted as it throws does not count.
  const iterations = Math.max(metrics.counter('iterations').sum, exceptions);
  const notes: string[] = [];
  if (exceptions * 2 > iterations) notes.push(`${exceptions} of ${iterations} iterations threw an exception`);
  if (iterations > 0 && !hasSent(metrics)) notes.push('no request was sent');
  return notes;
}

/** What a browser sends is in metrics of its own. */
const hasSent = (metrics: RunMetrics): boolean =>
  metrics.counter('http_reqs').sum > 0 ||
  metrics.counter('data_sent').sum > 0 ||
  [...metrics.totals.keys()].some((name) => name.startsWith('browser_'));
