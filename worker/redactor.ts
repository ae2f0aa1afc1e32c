import type { CellLine } from '../core/contract/window.ts';

const MASK = '***';
/** Shorter values are not redacted: they would hide half of any log and protect nothing. */
const MIN_LENGTH = 4;

/** Replaces secrets in a stream of bytes, even if one is split over several chunks. */
export class Redactor {
  /** The secrets' written forms as latin1, a character for each byte, so that no chunk ends within a character. */
  private readonly forms: string[];
  private readonly longest: number;
  private readonly pattern: RegExp | null;
  /** The end of the stream so far, if it may be the beginning of a secret. */
  private held = '';

  constructor(secrets: string[]) {
    const forms = new Set(secrets.filter((secret) => secret.length >= MIN_LENGTH).flatMap(writtenForms));
    this.forms = [...forms].map((form) => Buffer.from(form).toString('latin1')).sort((a, b) => b.length - a.length);
    this.longest = this.forms[0]?.length ?? 0;
    this.pattern = this.forms.length === 0 ? null : new RegExp(this.forms.map(escapeRegExp).join('|'), 'g');
  }

  /** The part of the stream that can be shown by now, redacted. */
  push(chunk: Buffer): Buffer {
    if (this.pattern === null) return chunk;
    const data = this.held + chunk.toString('latin1');
    let shown = '';
    let from = 0;
    let open = this.openFrom(data, 0);
    for (const match of data.matchAll(this.pattern)) {
      if (match.index >= open) break;
      shown += data.slice(from, match.index) + MASK;
      from = match.index + match[0].length;
      if (open < from) open = this.openFrom(data, from);
    }
    shown += data.slice(from, open);
    this.held = data.slice(open);
    return Buffer.from(shown, 'latin1');
  }

  /** Redacts a complete text. */
  redact(text: string): string {
    if (this.pattern === null) return text;
    const bytes = Buffer.from(text).toString('latin1').replace(this.pattern, MASK);
    return Buffer.from(bytes, 'latin1').toString('utf8');
  }

  /** The first position at or after `from` whose remaining data is an incomplete secret; the end if there is none. */
  private openFrom(data: string, from: number): number {
    for (let position = Math.max(from, data.length - this.longest + 1); position < data.length; position++) {
      const rest = data.slice(position);
      if (this.forms.some((form) => form.length > rest.length && form.startsWith(rest))) return position;
    }
    return data.length;
  }
}

/**
 * Redacts a line of the fleet output: the tags, groups and messages that a script sets, such as a URL with a token; names
 * and numbers stay.
 */
export function redactCells(line: string, redactor: Redactor): string {
  if (redactor.redact(line) === line) return line;
  const parsed = JSON.parse(line) as CellLine;
  for (const cell of parsed.cells) {
    for (const { series } of cell.metrics ?? []) {
      for (const one of series) {
        const tags = Object.entries(one.tags ?? {}).map(([name, value]) => [name, redactor.redact(value)]);
        if (tags.length > 0) one.tags = Object.fromEntries(tags);
      }
    }
    if (cell.groups !== undefined) cell.groups = cell.groups.map((group) => redactor.redact(group));
  }
  for (const message of [...(parsed.log ?? []), ...(parsed.console ?? []), ...(parsed.failedRequests ?? [])]) {
    redactTexts(message, redactor);
  }
  return JSON.stringify(parsed);
}

/** Redacts the texts of an object and of those in it, except for the few that have fixed values. */
function redactTexts(value: object, redactor: Redactor): void {
  for (const [name, field] of Object.entries(value)) {
    if (typeof field === 'object' && field !== null) redactTexts(field, redactor);
    if (typeof field !== 'string' || name === 'level' || name === 'source') continue;
    Object.assign(value, { [name]: redactor.redact(field) });
  }
}

/** The secret as it is, quoted as in k6's log and in its JSON, and as part of a URL. */
function writtenForms(secret: string): string[] {
  const text = Buffer.from(secret).toString('utf8'); // lone surrogates are replaced: encodeURIComponent throws on them
  const quoted = JSON.stringify(text).slice(1, -1);
  const inGo = quoted.replace(/[<>&]/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`);
  return [text, quoted, inGo, encodeURIComponent(text)];
}

const escapeRegExp = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
