/** Environment variables that pass between the CLI, a fleet and a worker. A worker never hands them on to k6. */
export const WorkerEnv = {
  /** Where the run's files are: a folder's `file:` URL, or `s3://bucket`. */
  store: 'K6_FLEET_STORE',
  run: 'K6_FLEET_RUN',
  task: 'K6_FLEET_TASK',
  attempt: 'K6_FLEET_ATTEMPT',
  /** Path of the k6 binary with our extension. */
  k6: 'K6_FLEET_K6',
  /** A folder for the worker's own files. */
  workDir: 'K6_FLEET_WORK_DIR',
  /**
   * `true`: the script sees only the variables in environment.json, and the addresses of the platform's credentials are
   * blocked. Otherwise it inherits the worker's environment.
   */
  isolated: 'K6_FLEET_ISOLATED',
  /** How many processors the task may use, such as 0.5; absent: all of the machine's. */
  cpus: 'K6_FLEET_CPUS',
} as const;

/** The coordinator's and the stopper's Lambda: their stack, as the JSON of `FleetInfo` in core/contract/stack.ts. */
export const FLEET_INFO_ENV = 'K6_FLEET_INFO';

/** Reads one variable. @throws Error that names the variable, where it is missing or empty. */
export function requireEnv(name: string, env: NodeJS.ProcessEnv = process.env): string {
  const value = env[name];
  if (value === undefined || value === '') throw new Error(`the environment variable ${name} is missing`);
  return value;
}

/** Tells the summary archive's handleSummary where to leave what the script's own returned. */
export const SUMMARY_FILE_ENV = 'K6_FLEET_SUMMARY_FILE';

/** k6's own variables. */
export const isK6Env = (name: string) => name.startsWith('K6_');

/**
 * Variables that k6 in a task never gets: `K6_…` would change its options, which are frozen in the archive. The browser
 * module reads its own at run time.
 */
export const isReservedEnv = (name: string) => isK6Env(name) && !name.startsWith('K6_BROWSER_');

/** What of an environment a script in a task sees. @param isReserved what is kept from it */
export const scriptEnv = (env: NodeJS.ProcessEnv, isReserved = isReservedEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !isReserved(name)));

/** Settings of every k6 that we start: no network traffic but the script's own. */
export const K6_SETTINGS = { K6_NO_USAGE_REPORT: 'true', K6_AUTO_EXTENSION_RESOLUTION: 'false' } as const;
