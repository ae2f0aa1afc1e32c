/** The runs of a store as a whole; a run itself never needs it, for all of its keys can be computed. */
export interface RunIndex {
  /** The ids of all runs, the oldest first. */
  listRuns(): Promise<string[]>;
  /** Deletes all that is of one run. No error where there is none. */
  deleteRun(run: string): Promise<void>;
  /** Deletes all that is of any run; a bucket, which is a stack's own, is empty then. */
  deleteAll(): Promise<void>;
}
