import { encodeJson } from '../core/contract/codec.ts';
import { initialTaskStatus, type TaskStatus } from '../core/contract/control.ts';
import { taskKeys } from '../core/contract/keys.ts';
import type { Store, TaskRef } from '../core/ports.ts';

/** This task's word: keeps state.json up to date, one write after the other. */
export class StatusReporter {
  readonly status: TaskStatus;
  private writing: Promise<void> = Promise.resolve();
  /** The last body that was written, or is about to be. */
  private written = '';

  constructor(
    private readonly store: Store,
    private readonly run: string,
    ref: TaskRef,
  ) {
    this.status = initialTaskStatus(ref.task, ref.attempt, process.pid);
  }

  /**
   * Changes the state and writes it, where that says anything new: each write costs. Resolves when it is in the store, or
   * could not be written.
   */
  update(change: Partial<TaskStatus>): Promise<void> {
    Object.assign(this.status, change, { clockOffsetMs: Math.round(this.store.clock?.offsetMs() ?? 0) });
    const body = encodeJson(this.status);
    if (body === this.written) return this.writing;
    this.written = body;
    const { task, attempt } = this.status;
    this.writing = this.writing
      .then(() => this.store.put(taskKeys(this.run, task, attempt).state, body))
      .catch((error: Error) => {
        this.written = '';
        process.stderr.write(`task ${task}: cannot write its state: ${error.message}\n`);
      });
    return this.writing;
  }
}
