/** Errors in the log of k6, whose lines look like `time="…" level=error msg="…" hint="…" source=stacktrace`. */
import { oneLine } from '../errors.ts';

/** A field of a line: quoted as Go does, possibly cut off at the end, or bare. */
const field = (name: string) => new RegExp(`(?:^|\\s)${name}=(?:"((?:[^"\\\\]|\\\\.)*)|(\\S+))`);
const MESSAGE = field('msg');
const HINT = field('hint');

/** The hint of every exception, which adds nothing to its message. */
const USELESS_HINT = 'script exception';

/** The last error in these lines, as one line; the last line if there is no error, null if there are no lines. */
export function lastError(lines: readonly string[]): string | null {
  const errors = lines.filter((line) => line.includes('level=error') && MESSAGE.test(line));
  // console.error of the script is not an error of k6.
  const line = errors.findLast((error) => !error.includes('source=console')) ?? errors.at(-1) ?? lines.at(-1);
  if (line === undefined) return null;
  const message = read(line, MESSAGE) ?? line;
  const hint = read(line, HINT);
  return hint === null || hint === USELESS_HINT ? message : `${message} (${hint})`;
}

function read(line: string, pattern: RegExp): string | null {
  const match = pattern.exec(line);
  if (match === null) return null;
  const text = match[2] ?? (match[1] ?? '').replace(/\\(.)/g, (_, char: string) => (/[nt]/.test(char) ? ' ' : char));
  return oneLine(text);
}
