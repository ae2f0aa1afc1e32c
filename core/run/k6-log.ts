/** k6's own words in the log of a task: lines such as `time="…" level=error msg="…" hint="…" source=stacktrace`. */
import { oneLine } from '../errors.ts';

/** A field of a line: quoted as Go does it, perhaps cut off at its end, or bare. */
const field = (name: string) => new RegExp(`(?:^|\\s)${name}=(?:"((?:[^"\\\\]|\\\\.)*)|(\\S+))`);
const MESSAGE = field('msg');
const HINT = field('hint');

/** What k6 says of an exception apart from its message; the stack tells as much. */
const PLAIN_HINT = 'script exception';

/** The last error that k6 reports in these lines, on one line; or else the last line. Null: there are no lines. */
export function lastError(lines: readonly string[]): string | null {
  const errors = lines.filter((line) => line.includes('level=error') && MESSAGE.test(line));
  // What the script itself prints by console.error is no verdict of k6's.
  const line = errors.findLast((error) => !error.includes('source=console')) ?? errors.at(-1) ?? lines.at(-1);
  if (line === undefined) return null;
  const message = read(line, MESSAGE) ?? line;
  const hint = read(line, HINT);
  return hint === null || hint === PLAIN_HINT ? message : `${message} (${hint})`;
}

function read(line: string, pattern: RegExp): string | null {
  const match = pattern.exec(line);
  if (match === null) return null;
  const text = match[2] ?? (match[1] ?? '').replace(/\\(.)/g, (_, char: string) => (/[nt]/.test(char) ? ' ' : char));
  return oneLine(text);
}
