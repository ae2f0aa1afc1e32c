import { K6Exit } from '../contract/exit-codes.ts';
import { UserError } from '../errors.ts';

/** The most tasks that a run may have. */
export const MAX_TASKS = 10_000;

/** VUs per task that `auto` aims for. */
const AUTO_VUS = 250;

export interface TaskCountInput {
  /** `--tasks`; wins over the script's. */
  flag: number | 'auto' | undefined;
  /** The script's `options.ext.fleet.tasks`. */
  option: number | 'auto' | null | undefined;
  /** The most VUs that the script can have. */
  maxVUs: number;
  rps: number | null | undefined;
  /** The most tasks of which each has a VU; `auto` chooses no more. */
  usefulTasks: number;
  /** The most tasks that `auto` may choose. */
  autoTasks: number;
  /** Refuses a task without VUs. */
  strict: boolean;
}

/**
 * How many tasks a run has, and what the user should know about that number.
 * @throws UserError (104) if a task would have no VU, and `strict`
 */
export function taskCount(input: TaskCountInput): { count: number; warnings: string[] } {
  const { flag, option, maxVUs, rps, strict } = input;
  const wanted = flag ?? option ?? 'auto';
  const asked = wanted === 'auto' ? Math.min(input.usefulTasks, autoTasks(maxVUs, input.autoTasks)) : wanted;
  if (strict && asked > Math.max(1, maxVUs)) {
    const name = flag === undefined ? 'options.ext.fleet.tasks is' : '--tasks';
    throw new UserError(tooFewVUs(`${name} ${asked}`, maxVUs), K6Exit.invalidConfig);
  }
  const count = tasksForRps(asked, rps);
  const warnings =
    count < asked
      ? [
          `rps ${rps} is below the number of tasks (${asked}): using ${count} tasks, since a share of 0 means no limit in k6`,
        ]
      : [];
  return { count, warnings };
}

function tooFewVUs(asked: string, maxVUs: number): string {
  const [vus, remedy] = maxVUs > 1 ? [`${maxVUs} VUs`, `${maxVUs} or fewer`] : ['1 VU', '1'];
  return `${asked}: the script has only ${vus}, and a task needs at least one; raise vus in the script (or set K6_VUS), or use --tasks ${remedy}`;
}

/**
 * The number of tasks that `auto` means: one for every 250 VUs, and no more than there are processors.
 * @internal exported for its test
 */
export const autoTasks = (maxVUs: number, processors: number): number =>
  Math.max(1, Math.min(processors, Math.ceil(maxVUs / AUTO_VUS)));

/**
 * k6 reads an `rps` of 0 or less as no limit; a share of 0 would lift the limit for that task.
 * @internal exported for its test
 */
export const tasksForRps = (tasks: number, rps: number | null | undefined): number =>
  rps !== null && rps !== undefined && rps > 0 ? Math.min(tasks, rps) : tasks;
