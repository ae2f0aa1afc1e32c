import { resolve } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';

/** Parses `--tasks`. */
function parseTasks(text: string): number | 'auto' {
  if (text === 'auto') return 'auto';
  if (!/^\d+$/.test(text) || Number(text) < 1 || Number(text) > 10_000) {
    throw new InvalidArgumentError(`"${text}" is not a number of tasks: use 1 to 10000, or auto.`);
  }
  return Number(text);
}

/** Parses a count of 0 or more. */
export function parseCount(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError(`"${text}" is not a whole number of 0 or more.`);
  return Number(text);
}

/** Parses seconds above 0; returns ms. */
export function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0 && seconds < Infinity))
    throw new InvalidArgumentError(`"${text}" is not a number of seconds above 0.`);
  return seconds * 1000;
}

/** Collects `-e NAME=VALUE`; `-e NAME` leaves what the environment says, or else is empty. */
function collectEnv(text: string, into: Record<string, string>): Record<string, string> {
  const at = text.indexOf('=');
  const name = at < 0 ? text : text.slice(0, at);
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    throw new InvalidArgumentError(`"${name}" is not the name of a variable: use NAME=VALUE.`);
  }
  return { ...into, [name]: at < 0 ? (process.env[name] ?? '') : text.slice(at + 1) };
}

export const tasksOption = () =>
  new Option('--tasks <n>', 'how many k6 processes; auto: as VUs and processors suggest').argParser(parseTasks);

/** @param help what it is for */
export const envOption = (help = 'an environment variable for the script; may be repeated') =>
  new Option('-e, --env <NAME=VALUE>', help).argParser(collectEnv).default({}, 'none');

/** The folder that holds all runs. */
export const storeOption = () =>
  new Option('--store <dir>', 'folder of all runs')
    .env('K6_FLEET_DIR')
    .default(resolve('.k6-fleet'), './.k6-fleet')
    .argParser((dir) => resolve(dir));

/** The stack that runs are sent to, and read from. */
export const stackOption = () =>
  new Option('--stack <name>', 'the CloudFormation stack of a fleet on AWS; without it: this machine')
    .env('K6_FLEET_STACK')
    .argParser((name) => (name === '' ? undefined : name));

/** Parses an amount of US dollars above 0. */
export function parseDollars(text: string): number {
  const dollars = Number(text.replace(/^\$/, ''));
  if (!(dollars > 0 && dollars < Infinity))
    throw new InvalidArgumentError(`"${text}" is not an amount in US dollars above 0.`);
  return dollars;
}

/** k6's own option of that name; here full is the default, because a fleet's user wants to see all of it. */
export const summaryModeOption = () =>
  new Option(
    '--summary-mode <mode>',
    "how much the summary shows, as in k6: full adds the parts of a request's time, and groups",
  )
    .choices(['compact', 'full'])
    .default('full');
