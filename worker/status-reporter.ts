import type { RunFiles } from '../core/contract/run-files.ts';
import { initialTaskStatus, type TaskStatus } from '../core/contract/task-status.ts';
import type { TaskRef } from '../core/ports.ts';

/** This task's word: keeps state.json up to date, one write after the other. */
export class StatusReporter {
  readonly status: TaskStatus;
  private writing: Promise<void> = Promise.resolve();
  /** The last body that was written, or is about to be. */
  private written = '';

  constructor(
    private readonly files: RunFiles,
    ref: TaskRef,
  ) {
    this.status = initialTaskStatus(ref.task, ref.attempt, process.pid);
  }

  /**
   * Changes the state and writes it, where that says anything new: each write costs. Resolves when it is in the store, or
   * could not be written.
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
        process.stderr.write(`task ${task}: cannot write its state: ${error.message}\n`);
      });
    return this.writing;
  }
}
