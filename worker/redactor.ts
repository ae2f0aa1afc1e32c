const MASK = '***';
/** What is shorter would hide half of any log, and protect nothing. */
const MIN_LENGTH = 4;

/** Replaces secrets in a stream of bytes, also where one comes in several chunks. */
export class Redactor {
  /** Bytes as latin1, one character each, so that no chunk is cut within a character. */
  private readonly forms: string[];
  private readonly longest: number;
  private readonly pattern: RegExp | null;
  /** The end of what came, where it may be the beginning of a secret. */
  private held = '';

  constructor(secrets: string[]) {
    const forms = new Set(secrets.filter((secret) => secret.length >= MIN_LENGTH).flatMap(writtenForms));
    this.forms = [...forms].map((form) => Buffer.from(form).toString('latin1')).sort((a, b) => b.length - a.length);
    this.longest = this.forms[0]?.length ?? 0;
    this.pattern = this.forms.length === 0 ? null : new RegExp(this.forms.map(escapeRegExp).join('|'), 'g');
  }

  /** What of the stream can be shown by now. */
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

  /** A text that is complete. */
  redact(text: string): string {
    if (this.pattern === null) return text;
    const bytes = Buffer.from(text).toString('latin1').replace(this.pattern, MASK);
    return Buffer.from(bytes, 'latin1').toString('utf8');
  }

  /** The first place at or after `from` from which all the rest of the data begins a secret that goes on. */
  private openFrom(data: string, from: number): number {
    for (let place = Math.max(from, data.length - this.longest + 1); place < data.length; place++) {
      const rest = data.slice(place);
      if (this.forms.some((form) => form.length > rest.length && form.startsWith(rest))) return place;
    }
    return data.length;
  }
}

/** As it is, within quotes as k6's log and its JSON write them, and in a URL. */
function writtenForms(secret: string): string[] {
  const text = Buffer.from(secret).toString('utf8'); // without halves of characters, which no URL can hold
  const quoted = JSON.stringify(text).slice(1, -1);
  const inGo = quoted.replace(/[<>&]/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`);
  return [text, quoted, inGo, encodeURIComponent(text)];
}

const escapeRegExp = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
