import type { Plan } from '../core/contract/plan.ts';

/** A share of the execution in which every executor has nothing to do, so that only setup, teardown or handleSummary run. */
const NO_WORK = [
  '--execution-segment-sequence=0,1/2,3/4,7/8,15/16,31/32,63/64,127/128,255/256,511/512,1023/1024,2047/2048,4095/4096,8191/8192,16383/16384,32767/32768,65535/65536,1',
  '--execution-segment=65535/65536:1',
];

const cellOutput = (plan: Plan) => `--out=fleet=fd=3,cell=${plan.timing.cellSeconds}s`;

/**
 * What every k6 of a task gets: thresholds, summary and, where not asked for, setup and teardown are the fleet's. The
 * system's variables are how the script gets its own: what it may not see is kept out of k6's environment.
 */
const common = (plan: Plan, blockedIPs: string[]) => [
  '--no-thresholds',
  '--summary-mode=disabled',
  '--include-system-env-vars',
  cellOutput(plan),
  ...blocking(plan, blockedIPs),
];

/** The flag takes the place of the script's own list. */
const blocking = (plan: Plan, blockedIPs: string[]) =>
  blockedIPs.length === 0 ? [] : [...blockedIPs, ...plan.blacklistIPs].map((range) => `--blacklist-ip=${range}`);

export function loadArgs(plan: Plan, task: number, archive: string, blockedIPs: string[]): string[] {
  const share = plan.tasks[task];
  if (share === undefined) throw new Error(`the plan has no task ${task}`);
  return [
    ...common(plan, blockedIPs),
    '--no-setup',
    '--no-teardown',
    `--execution-segment-sequence=${plan.sequence}`,
    `--execution-segment=${share.segment}`,
    ...(share.rps === null ? [] : [`--rps=${share.rps}`]),
    archive,
  ];
}

export const setupArgs = (plan: Plan, archive: string, blockedIPs: string[]): string[] => [
  ...common(plan, blockedIPs),
  '--no-teardown',
  '--linger', // so that the data can be read after setup() has returned
  ...NO_WORK,
  archive,
];

export const teardownArgs = (plan: Plan, archive: string, blockedIPs: string[]): string[] => [
  ...common(plan, blockedIPs),
  '--no-setup',
  ...NO_WORK,
  archive,
];

/** The summary archive has options of its own; its handleSummary is all that k6 shall call: no VU is made for it. */
export const summaryArgs = (plan: Plan, archive: string, blockedIPs: string[]): string[] => [
  '--no-setup',
  '--no-teardown',
  '--no-thresholds',
  '--include-system-env-vars',
  cellOutput(plan), // by which it notices that its worker is gone
  ...blocking(plan, blockedIPs),
  ...NO_WORK,
  archive,
];
