import type { Plan } from '../core/contract/plan.ts';
import type { K6Environment } from './k6-environment.ts';

/** A share of the execution in which every executor has nothing to do, so that only setup, teardown or handleSummary run. */
const NO_WORK = [
  '--execution-segment-sequence=0,1/2,3/4,7/8,15/16,31/32,63/64,127/128,255/256,511/512,1023/1024,2047/2048,4095/4096,8191/8192,16383/16384,32767/32768,65535/65536,1',
  '--execution-segment=65535/65536:1',
];

/**
 * Secrets are passed by the names of their variables, since a command line is not secret: a message of the log that has
 * been normalized or cut may hold parts of one that the worker does not recognize.
 */
function cellOutput(plan: Plan, { env, secrets }: K6Environment): string {
  const names = Object.keys(env).filter((name) => secrets.includes(env[name] ?? ''));
  const redact = names.length === 0 ? '' : `,redact=${names.map(encodeURIComponent).join('+')}`;
  const groups = plan.summary.mode === 'full' ? ',groups=true' : '';
  return `--out=fleet=fd=3,cell=${plan.timing.cellSeconds}s${redact}${groups}`;
}

/**
 * What every k6 of a task gets: thresholds, summary and, where not asked for, setup and teardown are the fleet's. The
 * system's variables are how the script gets its own: what it may not see is kept out of k6's environment.
 */
const common = (plan: Plan, environment: K6Environment) => [
  '--no-thresholds',
  '--summary-mode=disabled',
  '--include-system-env-vars',
  cellOutput(plan, environment),
  ...blocking(plan, environment),
];

/** The flag takes the place of the script's own list. */
const blocking = (plan: Plan, { blockedIPs }: K6Environment) =>
  blockedIPs.length === 0 ? [] : [...blockedIPs, ...plan.blacklistIPs].map((range) => `--blacklist-ip=${range}`);

export function loadArgs(plan: Plan, task: number, archive: string, environment: K6Environment): string[] {
  const share = plan.tasks[task];
  if (share === undefined) throw new Error(`the plan has no task ${task}`);
  return [
    ...common(plan, environment),
    '--no-setup',
    '--no-teardown',
    `--execution-segment-sequence=${plan.sequence}`,
    `--execution-segment=${share.segment}`,
    ...(share.rps === null ? [] : [`--rps=${share.rps}`]),
    archive,
  ];
}

export const setupArgs = (plan: Plan, archive: string, environment: K6Environment): string[] => [
  ...common(plan, environment),
  '--no-teardown',
  '--linger', // so that the data can be read after setup() has returned
  ...NO_WORK,
  archive,
];

export const teardownArgs = (plan: Plan, archive: string, environment: K6Environment): string[] => [
  ...common(plan, environment),
  '--no-setup',
  ...NO_WORK,
  archive,
];

/** The summary archive has options of its own; k6 calls only its handleSummary, so no VU is initialized. */
export const summaryArgs = (plan: Plan, archive: string, environment: K6Environment): string[] => [
  '--no-setup',
  '--no-teardown',
  '--no-thresholds',
  '--include-system-env-vars',
  cellOutput(plan, environment), // by which it notices that its worker is gone
  ...blocking(plan, environment),
  ...NO_WORK,
  archive,
];
