import type { RunFiles } from '../core/contract/run-files.ts';
import { initialTaskStatus, type TaskStatus } from '../core/contract/task-status.ts';
import type { TaskRef } from '../core/ports.ts';

/** Keeps this attempt's status.json up to date, one write at a time. */
export class StatusReporter {
  readonly status: TaskStatus;
  private writing: Promise<void> = Promise.resolve();
  /** The last status that was written or is being written. */
  private written = '';

  constructor(
    private readonly files: RunFiles,
    ref: TaskRef,
  ) {
    this.status = initialTaskStatus(ref.task, ref.attempt, process.pid);
  }

  /**
   * Changes the status and writes it if it differs from the last one: each write costs. Resolves once it is in the store or
   * could not be written; the next update then tries again.
   */
  update(change: Partial<TaskStatus>): Promise<void> {
    Object.assign(this.status, change, { clockOffsetMs: Math.round(this.files.store.clock?.offsetMs() ?? 0) });
    const snapshot = { ...this.status };
    const body = JSON.stringify(snapshot);
    if (body === this.written) return this.writing;
    this.written = body;
    const { task, attempt } = snapshot;
    this.writing = this.writing
      .then(() => this.files.task(task, attempt).putStatus(snapshot))
      .catch((error: Error) => {
        this.written = '';
        process.stderr.write(`task ${task}: cannot write its status: ${error.message}\n`);
      });
    return this.writing;
  }
}
