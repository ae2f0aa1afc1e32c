/** The runs of a store. Only the CLI needs it: the keys of a single run can be computed. */
export interface RunIndex {
  /** The ids of all runs, the oldest first. */
  listRuns(): Promise<string[]>;
  /** Deletes all files of one run; no error if there are none. */
  deleteRun(run: string): Promise<void>;
  /** Deletes the files of all runs. A bucket belongs to a stack alone and is empty afterwards. */
  deleteAll(): Promise<void>;
}
