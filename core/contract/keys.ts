/** Where the files of a run lie in a store. Nobody lists: every key can be computed. */

export const runPrefix = (run: string) => `runs/${run}`;

/** What only a run that goes on needs. In a bucket all of it expires after a day; a folder is tidied at the end. */
export const scratchPrefix = (run: string) => `scratch/${run}`;

/** Contested: which runs have claimed a stack's target, as `ActiveRuns`. */
export const ACTIVE_RUNS_KEY = 'active.json';

export const runKeys = (run: string) => {
  const prefix = runPrefix(run);
  return {
    plan: `${prefix}/plan.json`,
    archive: `${prefix}/archive.tar`,
    /** A small archive that calls the script's handleSummary; only where the script has one. */
    summaryArchive: `${prefix}/summary.tar`,
    /** Values of the variables that `-e` sets, where tasks do not inherit them; secrets as references only. */
    environment: `${scratchPrefix(run)}/environment.json`,
    /** Contested: the coordinator's word to all. */
    control: `${prefix}/control.json`,
    /** Create-only: somebody asks for a stop. */
    stop: `${prefix}/stop.json`,
    setupData: `${prefix}/setup-data.json`,
    /** Contested: the coordinator's merged state. */
    checkpoint: `${prefix}/checkpoint.json.gz`,
    /** Contested: the small live view. */
    progress: `${prefix}/progress.json`,
    /** What the merged metrics look like to the script's handleSummary. */
    summaryInput: `${prefix}/summary.json`,
    /** What the script's handleSummary returned. */
    summaryOutput: `${prefix}/handle-summary.json`,
    result: `${prefix}/result.json`,
    /** Create-only: the verdict has been published. */
    notice: `${prefix}/notice.json`,
  } as const;
};

/** The files of one attempt at one task; a task that is lost before the start is tried again. */
export const taskKeys = (run: string, task: number, attempt: number) => {
  const prefix = `${runPrefix(run)}/tasks/${task}/${attempt}`;
  return {
    state: `${prefix}/state.json`,
    log: `${prefix}/log.gz`,
    /** Files of the local fleet only: process id, worker log, the worker's own folder. */
    local: `${prefix}/local`,
    window: (seq: number) => `${scratchPrefix(run)}/tasks/${task}/${attempt}/${String(seq).padStart(6, '0')}.json.gz`,
  } as const;
};
