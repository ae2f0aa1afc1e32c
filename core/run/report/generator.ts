/** Whether the load generator was the bottleneck. */
import type { Result, TaskResult } from '../../contract/result.ts';
import type { RunState } from '../state.ts';

/** A task that uses this share of its CPU for so long cannot keep its pace; a shorter peak may be its start. */
const SATURATED = 0.95;
const SATURATED_MS = 5000;

/** If this run's tasks used less than this share of a machine's CPU, other programs are to blame. */
const BLAMED = 0.5;

export interface GeneratorInput {
  /** Dropped iterations. */
  dropped: number;
  state: Pick<RunState, 'lateTasks'>;
  tasks: readonly Pick<TaskResult, 'task' | 'peakBusy' | 'peakOwnBusy'>[];
  /** Of the test so far, ms. */
  durationMs: number;
  /** All tasks run on one machine, so that each measures the use of the same CPU. */
  isMachineShared: boolean;
}

/** Whether the load generator was the bottleneck, and why. */
export function generator(input: GeneratorInput): Result['generator'] {
  const { dropped, state, durationMs } = input;
  const reasons: string[] = [];
  const busy = input.tasks.filter(({ peakBusy }) => durationMs >= SATURATED_MS && peakBusy >= SATURATED);
  if (busy.length > 0) {
    const share = `${SATURATED * 100}%`;
    const time = `or more for ${SATURATED_MS / 1000} s`;
    reasons.push(
      input.isMachineShared
        ? `the CPU of this machine was ${share} busy ${time}${ownShare(input.tasks)}`
        : `${listTasks(busy.map(({ task }) => task))} used ${share} of ${busy.length === 1 ? 'its' : 'their'} CPU ${time}`,
    );
  }
  if (dropped > 0) reasons.push(`${dropped} iterations were dropped: not enough VUs to sustain the arrival rate`);
  const late = Object.entries(state.lateTasks);
  if (late.length > 0) {
    const worst = Math.max(...late.map(([, ms]) => ms));
    const who = listTasks(late.map(([task]) => Number(task)));
    reasons.push(`${who} shipped windows up to ${Math.round(worst / 1000)} s late`);
  }
  return { saturated: reasons.length > 0, reasons };
}

/** Empty: not known. The tasks' busiest five seconds are about the same ones. */
function ownShare(tasks: GeneratorInput['tasks']): string {
  const shares = tasks.map(({ peakOwnBusy }) => peakOwnBusy);
  if (shares.includes(null)) return '';
  const own = shares.reduce<number>((sum, share) => sum + (share ?? 0), 0);
  const percent = `${Math.min(100, Math.round(own * 100))}%`;
  return own < BLAMED
    ? `; this run's tasks used only ${percent} of it, other programs the rest`
    : `; this run's tasks used ${percent} of it`;
}

/** More tasks than this are not all listed. */
const MAX_LISTED = 5;
const LISTED_OF_MORE = 3;

/**
 * `task 3`, `tasks 0, 1 and 4`, or `tasks 0, 1, 2 and 997 more`.
 * @param tasks at least one index
 * @internal exported for its test
 */
export function listTasks(tasks: readonly number[]): string {
  if (tasks.length === 1) return `task ${tasks[0]}`;
  const shown = tasks.length <= MAX_LISTED ? tasks.slice(0, -1) : tasks.slice(0, LISTED_OF_MORE);
  const rest = tasks.length <= MAX_LISTED ? tasks.at(-1) : `${tasks.length - LISTED_OF_MORE} more`;
  return `tasks ${shown.join(', ')} and ${rest}`;
}
