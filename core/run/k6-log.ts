/** Errors in the log of k6, whose lines look like `time="…" level=error msg="…" hint="…" source=stacktrace`. */
import { oneLine } from '../errors.ts';

/** A field of a line: quoted as Go does, possibly cut off at the end, or bare. */
const field = (name: string) => new RegExp(`(?:^|\\s)${name}=(?:"((?:[^"\\\\]|\\\\.)*)|(\\S+))`);
const MESSAGE = field('msg');
const HINT = field('hint');
const ERROR = field('error');

/** The hint of every exception, which adds nothing to its message. */
const USELESS_HINT = 'script exception';

/** How a Go program begins to say that it crashes. */
const CRASH = /^(fatal error|panic): /;

/** The last error of k6 in these lines, as one line; null if there is none. What the script prints is not one. */
export function lastError(lines: readonly string[]): string | null {
  const crash = lines.find((line) => CRASH.test(line));
  if (crash !== undefined) return oneLine(crash);
  const isError = (line: string) =>
    line.includes('level=error') && !line.includes('source=console') && MESSAGE.test(line);
  const line = lines.findLast(isError);
  if (line === undefined) return null;
  const error = read(line, ERROR);
  const message = [read(line, MESSAGE) ?? line, error].filter((part) => part !== null).join(': ');
  const hint = read(line, HINT);
  return hint === null || hint === USELESS_HINT ? message : `${message} (${hint})`;
}

function read(line: string, pattern: RegExp): string | null {
  const match = pattern.exec(line);
  if (match === null) return null;
  const text = match[2] ?? (match[1] ?? '').replace(/\\(.)/g, (_, char: string) => (/[nt]/.test(char) ? ' ' : char));
  return oneLine(text);
}
