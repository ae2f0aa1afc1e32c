/** Where the files of a run are in a store. No reader needs to list: every key can be computed. */

export const runPrefix = (run: string) => `runs/${run}`;

/** What is needed only while a run is active. In a bucket it expires after a day; in a folder the CLI removes it. */
export const scratchPrefix = (run: string) => `scratch/${run}`;

/** `ActiveRuns` of a stack: the runs that have claimed its target. Contested: compare-and-swap. */
export const ACTIVE_RUNS_KEY = 'active.json';

/** Keys of a run. `RunFiles` says who writes each of them, and how. */
export const runKeys = (run: string) => {
  const prefix = runPrefix(run);
  return {
    plan: `${prefix}/plan.json`,
    archive: `${prefix}/archive.tar`,
    summaryArchive: `${prefix}/summary.tar`,
    environment: `${scratchPrefix(run)}/environment.json`,
    control: `${prefix}/control.json`,
    stop: `${prefix}/stop.json`,
    setupData: `${prefix}/setup-data.json`,
    checkpoint: `${prefix}/checkpoint.json.gz`,
    progress: `${prefix}/progress.json`,
    summaryInput: `${prefix}/summary.json`,
    summaryOutput: `${prefix}/handle-summary.json`,
    result: `${prefix}/result.json`,
    notification: `${prefix}/notification.json`,
  } as const;
};
export type RunKeys = ReturnType<typeof runKeys>;

/** Keys of one attempt at one task. `TaskFiles` says who writes each of them, and how. */
export const taskKeys = (run: string, task: number, attempt: number) => {
  const path = `tasks/${task}/${attempt}`;
  const prefix = `${runPrefix(run)}/${path}`;
  return {
    status: `${prefix}/status.json`,
    log: `${prefix}/log.gz`,
    console: `${prefix}/console.log.gz`,
    /** A folder on this machine, for local fleets only: process id, the worker's log and its working directory. */
    local: `${prefix}/local`,
    window: (seq: number) => `${scratchPrefix(run)}/${path}/${String(seq).padStart(6, '0')}.json.gz`,
  } as const;
};

/** The keys of all runs as patterns for IAM, whose `*` matches any characters, `/` included. */
export const KEY_PATTERNS = {
  ...runKeys('*'),
  run: runPrefix('*'),
  scratch: scratchPrefix('*'),
  taskFiles: `${runPrefix('*')}/tasks/*`,
  windows: `${scratchPrefix('*')}/tasks/*`,
} as const;
