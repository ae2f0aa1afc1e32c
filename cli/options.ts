import { resolve } from 'node:path';
import { Option } from 'commander';
import { K6Exit } from '../core/contract/exit-codes.ts';
import { SummaryMode } from '../core/contract/plan.ts';
import { UserError } from '../core/errors.ts';
import { MAX_TASKS } from '../core/plan/task-count.ts';

/** The flags of `run`. */
export interface RunFlags {
  tasks?: number | 'auto';
  env: Record<string, string>;
  json?: string;
  summary?: string;
  maxLost?: number;
  name?: string;
  observe?: string;
  /** ms. */
  readyTimeout?: number;
  quiet?: boolean;
  summaryMode: SummaryMode;
  store: string;
  stack?: string;
  detach?: boolean;
  /** US dollars. */
  maxCost?: number;
  alongside?: boolean;
  /** Path of a file for what the script prints. */
  consoleOutput?: string;
}

/** `--tasks 99999: use 1 to 10000, or auto`, in place of commander's two sentences. */
const invalid = (flag: string, value: string, allowed: string) =>
  new UserError(`${flag} ${value === '' ? '""' : value}: use ${allowed}`, K6Exit.invalidConfig);

/** An option whose value `parse` reads; null: it is not allowed. */
function parsedOption<T>(
  flags: string,
  help: string,
  { parse, allowed }: { parse: (text: string) => T | null; allowed: string },
): Option {
  const option = new Option(flags, help);
  return option.argParser((text: string) => {
    const value = parse(text);
    if (value === null) throw invalid(option.long ?? flags, text, allowed);
    return value;
  });
}

const wholeNumber = (text: string): number | null => (/^\d{1,9}$/.test(text) ? Number(text) : null);

/** Null: not above 0, or not finite. */
function positive(text: string): number | null {
  const value = Number(text);
  return value > 0 && value < Infinity ? value : null;
}

export const tasksOption = (help = 'number of k6 processes, or auto (default: as in the script, or auto)') =>
  parsedOption<number | 'auto'>('--tasks <n>', help, {
    parse: (text) => {
      if (text === 'auto') return text;
      const count = wholeNumber(text);
      return count !== null && count >= 1 && count <= MAX_TASKS ? count : null;
    },
    allowed: `1 to ${MAX_TASKS}, or auto`,
  });

export const maxLostOption = () =>
  parsedOption('--max-lost <n>', 'number of tasks that may be lost after the start before the run fails (default: 0)', {
    parse: wholeNumber,
    allowed: 'a whole number of at least 0',
  });

export const taskOption = () =>
  parsedOption('--task <n>', 'only of this task, counted from 0', {
    parse: wholeNumber,
    allowed: 'the number of a task, from 0',
  });

/** Its value is in ms. */
export const readyTimeoutOption = () =>
  parsedOption('--ready-timeout <seconds>', 'seconds that a task may take to get ready (default: 120, on AWS 300)', {
    parse: (text) => {
      const seconds = positive(text);
      return seconds === null ? null : seconds * 1000;
    },
    allowed: 'a number of seconds above 0',
  });

export const maxCostOption = () =>
  parsedOption('--max-cost <dollars>', 'on AWS: refuse to start a run that would cost more, in US dollars', {
    parse: (text) => positive(text.replace(/^\$/, '')),
    allowed: 'an amount above 0, in US dollars',
  });

/** Collects `-e NAME=VALUE`; `-e NAME` takes the value of the environment. A name that is not set there is left out. */
function collectEnv(text: string, into: Record<string, string>): Record<string, string> {
  const at = text.indexOf('=');
  const name = at < 0 ? text : text.slice(0, at);
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    throw invalid('-e', text, 'NAME=VALUE, with a name of letters, digits and _');
  }
  const value = at < 0 ? process.env[name] : text.slice(at + 1);
  if (value !== undefined) return { ...into, [name]: value };
  process.stderr.write(
    `k6-fleet: -e ${name}: the environment has no ${name}, so the script does not see it; for an empty value use -e ${name}=\n`,
  );
  return into;
}

export const envOption = (help = 'environment variable for the script; repeatable') =>
  new Option('-e, --env <NAME=VALUE>', help).argParser(collectEnv).default({}, 'none');

export const jsonOption = () => new Option('--json <file>', 'also write result.json to this file');

export const summaryOption = () =>
  new Option('--summary <file>', 'also write summary.json, the data that k6 passes to handleSummary, to this file');

export const consoleOutputOption = () =>
  new Option(
    '--console-output <file>',
    'append what the script prints by console to this file, as in k6, when the run has ended',
  );

export const quietOption = (help = 'show no progress') => new Option('-q, --quiet', help);

/** The folder of all runs. */
export const storeOption = () =>
  new Option('--store <dir>', 'folder of all runs')
    .env('K6_FLEET_DIR')
    .default(resolve('.k6-fleet'), './.k6-fleet')
    .argParser((dir) => resolve(dir));

/** The stack to run on, or whose runs to read. */
export const stackOption = (help = 'CloudFormation stack of a fleet on AWS; without it, this machine is used') =>
  new Option('--stack <name>', help).env('K6_FLEET_STACK').argParser((name) => (name === '' ? undefined : name));

const summaryModeOf = (text: string): SummaryMode => {
  const { data: mode } = SummaryMode.safeParse(text);
  if (mode === undefined) throw invalid('--summary-mode', text, SummaryMode.options.join(' or '));
  return mode;
};

/** k6's own option, for a run that starts: only the full mode measures metrics by scenario and group. */
export const summaryModeOption = () =>
  new Option(
    '--summary-mode <mode>',
    'detail of the summary, as in k6; full adds the phases of a request, and metrics by scenario and group',
  )
    .choices(SummaryMode.options)
    .argParser(summaryModeOf)
    .default('compact' satisfies SummaryMode);

/** The same for a run that has started. */
export const pastSummaryModeOption = () =>
  new Option('--summary-mode <mode>', 'detail of the summary (default: as the run was started)')
    .choices(SummaryMode.options)
    .argParser(summaryModeOf);

export const RUN_ID = 'run id, as listed by k6-fleet runs';
