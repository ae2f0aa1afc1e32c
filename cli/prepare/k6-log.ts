/** What k6 logs while it reads a script, from its `--log-format=json`. */

/** One entry of k6's log, or a line of its stderr that is none. */
export interface K6LogEntry {
  /** logrus': `info`, `warning`, `error`, … */
  level: string;
  msg: string;
  /** ISO 8601; empty for a line that is no entry. */
  time: string;
  /** What else the entry has, such as `error`, `hint` and `source`. */
  fields: Record<string, string>;
}

/** The arguments that make k6 log so. */
export const K6_LOG_ARGS = ['--log-format=json', '--log-output=stderr', '--no-color'];

/** @param stderr of a k6 with `K6_LOG_ARGS`; what the Go runtime or the command line parser print counts as errors */
export const parseK6Log = (stderr: string): K6LogEntry[] =>
  stderr
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => parseEntry(line) ?? { level: 'error', msg: line.trimEnd(), time: '', fields: {} });

function parseEntry(line: string): K6LogEntry | null {
  try {
    const { level, msg, time, ...rest } = JSON.parse(line) as Record<string, unknown>;
    if (typeof level !== 'string' || typeof msg !== 'string') return null;
    const fields = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, textOf(value)]));
    return { level, msg, time: String(time ?? ''), fields };
  } catch {
    return null;
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

const isError = ({ level }: K6LogEntry): boolean => level === 'error' || level === 'fatal' || level === 'panic';

/** Printed by the script itself. */
const isConsole = ({ fields }: K6LogEntry): boolean => fields.source === 'console';

/** Whether k6 warns of something. */
const isWarning = (entry: K6LogEntry): boolean => entry.level === 'warning' && !isConsole(entry);

/** Why k6 failed, from its own errors; all that it logged if there are none. */
export function errorText(log: readonly K6LogEntry[]): string {
  const errors = log.filter((entry) => isError(entry) && !isConsole(entry));
  return (errors.length > 0 ? errors : log).map(messageOf).join('\n');
}

/** The entry as one text, such as `There were unknown fields …: json: unknown field "treshholds"`. */
const messageOf = ({ msg, fields }: K6LogEntry): string =>
  fields.error === undefined ? msg.trimEnd() : `${msg.trimEnd()}: ${fields.error}`;

/** The warnings of several k6 that have read the same script, each once. */
export const warningsOf = (logs: readonly K6LogEntry[][]): string[] => [
  ...new Set(logs.flat().filter(isWarning).map(messageOf)),
];

/**
 * What a user sees of them, as of a single k6: what the script printed the first time that it was read, and the warnings
 * of all, each once.
 */
export function shownEntries(logs: readonly K6LogEntry[][]): K6LogEntry[] {
  const seen = new Set<string>();
  return logs.flatMap((log, index) =>
    log.filter((entry) => {
      if (isConsole(entry)) return index === 0;
      if (!isWarning(entry) || seen.has(messageOf(entry))) return false;
      seen.add(messageOf(entry));
      return true;
    }),
  );
}

/** logrus' names and colours of levels on a terminal. */
const LEVELS: Record<string, [name: string, colour: number]> = {
  debug: ['DEBU', 37],
  info: ['INFO', 36],
  warning: ['WARN', 33],
  error: ['ERRO', 31],
};
/** logrus pads a message so that fields line up. */
const MESSAGE_WIDTH = 44;

/** The entry as k6 prints it: for a terminal `WARN[0000] …`, else `time=… level=warning msg=…`. */
export function entryLine({ level, msg, time, fields }: K6LogEntry, style: 'terminal' | 'coloured' | 'plain'): string {
  const rest = Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1));
  if (style === 'plain') {
    const all = [['time', time], ['level', level], ['msg', msg], ...rest];
    return `${all.map(([name, value]) => `${name}=${quoted(value ?? '')}`).join(' ')}\n`;
  }
  const [name, colour] = LEVELS[level] ?? [level.toUpperCase().slice(0, 4), 36];
  const paint = (text: string) => (style === 'coloured' ? `\x1b[${colour}m${text}\x1b[0m` : text);
  const tail = rest.map(([key, value]) => ` ${paint(key)}=${quoted(value)}`).join('');
  return `${paint(name)}[0000] ${msg.trimEnd().padEnd(tail === '' ? 0 : MESSAGE_WIDTH)}${tail}\n`;
}

/** As logrus: quoted unless all of its characters are plain. */
const quoted = (value: string): string => (/^[A-Za-z0-9\-._/@^+]+$/.test(value) ? value : JSON.stringify(value));
