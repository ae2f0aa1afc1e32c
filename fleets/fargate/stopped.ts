import type { Task } from '@aws-sdk/client-ecs';
import { oneLine } from '../../core/errors.ts';

/**
 * Why a task stopped, in one line: stop code, reason, and its container's exit code and reason.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
 */
export function stoppedText(task: Task, container: string): string {
  const { stopCode, stoppedReason } = task;
  const own = task.containers?.find(({ name }) => name === container) ?? task.containers?.[0];
  const exit = own?.exitCode === undefined ? '' : `exit code ${own.exitCode}`;
  const details = [stoppedReason, own?.reason, exit].map((text) => oneLine(text ?? '')).filter((text) => text !== '');
  const all = details.join('; ');
  if (all.includes('OutOfMemory')) {
    return `it ran out of memory (${all}): use more tasks, or give tasks more memory`;
  }
  if (isSpotInterruption(task)) return 'Fargate Spot reclaimed it (SpotInterruption)';
  if (stopCode === undefined) return `it stopped: ${all || 'ECS gave no reason'}`;
  return `it stopped (${stopCode})${all === '' ? '' : `: ${all}`}`;
}

/** `SpotInterruption` since 2022; `TerminationNotice` with `Your Spot Task was interrupted.` before. */
const isSpotInterruption = ({ stopCode, stoppedReason = '' }: Task): boolean =>
  stopCode === 'SpotInterruption' || /spot (task|interruption|capacity)/i.test(stoppedReason);
