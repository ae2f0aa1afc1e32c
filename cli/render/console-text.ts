/** Lines of the scripts' consoles as plain k6 prints them, with their task if there are several. */
import type { Progress } from '../../core/contract/progress.ts';
import { formatPlural } from './format.ts';
import { type Colours, type Paint, padEnd, palette } from './line.ts';

/** How often it is said how many lines were held back, ms. */
const HELD_INTERVAL_MS = 10_000;
/** As wide as logrus pads messages on a terminal. */
const MESSAGE_WIDTH = 44;

export interface ConsoleTextOptions {
  /** On a terminal k6 prints `INFO[0003] …`, elsewhere `time="…" level=info …`. */
  isTerminal: boolean;
  colours: boolean;
}

/** Follows the console of a run through its progress, and returns each line once. */
export class ConsoleFeed {
  /** The number of the last line that was returned; null: nothing has been seen of the run yet. */
  private last: number | null = null;
  /** Lines that were gone before they could be read. */
  private missed = 0;
  private reportedHeld = 0;
  private heldAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: ConsoleTextOptions) {}

  /** The lines that are new, as text. */
  next({ console, startAt, at, phase, tasks }: Progress): string[] {
    const fresh = console.lines.filter(({ n }) => n > (this.last ?? 0));
    // Lines from before an `attach` are not missed.
    this.missed += Math.max(0, (fresh[0]?.n ?? 0) - 1 - (this.last ?? Number.POSITIVE_INFINITY));
    this.last = fresh.at(-1)?.n ?? this.last ?? 0;
    const texts = fresh.map(({ t, level, message, task }) => {
      const fields: Entry['fields'] = { source: 'console' };
      if (tasks.planned > 1) fields.task = String(task);
      return logText({ t, level, message, fields }, startAt, this.options);
    });
    const held = console.held + this.missed;
    if (held > this.reportedHeld && (phase === 'finished' || at - this.heldAt >= HELD_INTERVAL_MS)) {
      this.reportedHeld = held;
      this.heldAt = at;
      const message = `${formatPlural(held, 'line')} of the console held back so far; --console-output FILE keeps all`;
      texts.push(logText({ t: at, level: 'warning', message, fields: { source: 'k6-fleet' } }, startAt, this.options));
    }
    return texts;
  }
}

interface Entry {
  /** Unix ms. */
  t: number;
  level: string;
  message: string;
  fields: Record<string, string>;
}

function logText({ t, level, message, fields }: Entry, startAt: number | null, options: ConsoleTextOptions): string {
  if (!options.isTerminal) {
    const time = new Date(t).toISOString().replace(/\.\d+Z$/, 'Z');
    const all = Object.entries({ time, level, msg: message, ...fields });
    return all.map(([name, value]) => `${name}=${quoted(value)}`).join(' ');
  }
  const paint = paintOf(level, palette(options.colours));
  const seconds = String(Math.max(0, Math.floor((t - (startAt ?? t)) / 1000))).padStart(4, '0');
  const shown = message.split('\n').map(safe).join('\n');
  const tail = Object.entries(fields).map(([name, value]) => `${paint(name)}=${value}`);
  return `${paint(level.slice(0, 4).toUpperCase())}[${seconds}] ${padEnd(shown, MESSAGE_WIDTH)} ${tail.join(' ')}`;
}

/** As logrus quotes values. */
const quoted = (value: string): string => (/^[\w\-./@^+]*$/.test(value) ? value : JSON.stringify(value));

/** Without control characters, which could change what is on the terminal. */
const safe = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029]/gu, ' ');

function paintOf(level: string, colours: Colours): Paint {
  if (level === 'error') return colours.red;
  if (level === 'warning') return colours.yellow;
  return level === 'debug' ? colours.gray : colours.cyan;
}
