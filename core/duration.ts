/** Milliseconds per unit that Go's `time.ParseDuration` knows; µ may be U+00B5 or U+03BC. */
const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
const DAY_MS = 86_400_000;

const NUMBER = String.raw`(?:\d+\.?\d*|\.\d+)`;
const PART = new RegExp(`(${NUMBER})(ns|us|µs|μs|ms|s|m|h)`, 'gu');
const GO_DURATION = new RegExp(`^[+-]?(?:${NUMBER}(?:ns|us|µs|μs|ms|s|m|h))+$`, 'u');
const PLAIN_NUMBER = new RegExp(`^[+-]?${NUMBER}(?:[eE][+-]?\\d+)?$`);
const WITH_DAYS = /^([+-]?\d+)d(.*)$/su;

/** A text that k6 does not accept as a duration. @internal exported for its test */
export class DurationError extends Error {
  override name = 'DurationError';
  constructor(readonly text: string) {
    super(`${JSON.stringify(text)} is not a duration; write it as k6 does, such as 90s, 1m30s, 500ms or 1d2h`);
  }
}

/**
 * A duration in ms, as k6 reads it from options: Go's `time.ParseDuration` (`1h2m3.5s`, `250us`), whole days before
 * it (`1d12h`), or a bare number of ms (`"1500"`). May be negative; exact to a nanosecond.
 * @throws DurationError
 */
export function parseDuration(text: string): number {
  if (PLAIN_NUMBER.test(text)) return Number(text);
  const days = WITH_DAYS.exec(text);
  if (!days) return parseGo(text, text);
  const whole = Number(days[1]);
  const rest = days[2] === '' ? 0 : parseGo(days[2] ?? '', text);
  // k6 allows a sign only before the days.
  if (rest < 0) throw new DurationError(text);
  return whole * DAY_MS + (whole < 0 ? -rest : rest);
}

/** @param whole the text to name in the error; `text` may be a part of it */
function parseGo(text: string, whole: string): number {
  if (!GO_DURATION.test(text)) throw new DurationError(whole);
  let ms = 0;
  for (const [, number, unit] of text.matchAll(PART)) ms += roundToNs(Number(number) * (UNIT_MS[unit ?? ''] ?? 0));
  return text.startsWith('-') && ms !== 0 ? -ms : ms;
}

/** Rounds to nanoseconds, since a product such as 1.001 * 1000 is not exact. */
const roundToNs = (ms: number): number => Math.round(ms * 1e6) / 1e6;

/**
 * The shortest text that `parseDuration` reads back as the same number of ms: `1m30s`, `14.2s`, `250ms`, `2h`, `0s`.
 * @param ms finite; rounded to whole µs
 */
export function formatDuration(ms: number): string {
  const us = Math.round(Math.abs(ms) * 1000);
  if (us === 0) return '0s';
  const sign = ms < 0 ? '-' : '';
  if (us < 1_000_000) return `${sign}${us / 1000}ms`;
  const hours = Math.floor(us / 3_600_000_000);
  const minutes = Math.floor((us % 3_600_000_000) / 60_000_000);
  const seconds = (us % 60_000_000) / 1_000_000;
  return sign + (hours ? `${hours}h` : '') + (minutes ? `${minutes}m` : '') + (seconds ? `${decimal(seconds)}s` : '');
}

/** Without the exponent that JavaScript writes below 1e-6. */
const decimal = (value: number): string => value.toFixed(6).replace(/\.?0+$/, '');
