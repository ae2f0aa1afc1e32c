/**
 * Numbers as text and as charts of one line, for people. Nothing here throws: null and NaN read `–`, infinities `∞`.
 * Numbers that k6 formats are in `k6-format.ts`.
 */

type Maybe = number | null | undefined;

/** The text of a value that is not a finite number; undefined for all others. */
function special(value: Maybe): string | undefined {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  if (value === Number.POSITIVE_INFINITY) return '∞';
  if (value === Number.NEGATIVE_INFINITY) return '-∞';
  return undefined;
}

/** About three significant digits, without trailing zeros. */
function short(value: number): string {
  const other = special(value);
  if (other !== undefined) return other;
  const size = Math.abs(value);
  const digits = size < 9.995 ? 2 : size < 99.95 ? 1 : 0;
  const text = String(Number(size < 1e15 ? value.toFixed(digits) : value.toPrecision(3)));
  return text === '-0' ? '0' : text;
}

/** Takes the next unit as long as the rounded number has more than three digits before the point. */
function scaled(value: number, units: readonly string[]): string {
  let unit = 0;
  let rest = value;
  while (Math.abs(Number(short(rest))) >= 1000 && unit < units.length - 1) {
    rest /= 1000;
    unit += 1;
  }
  return `${short(rest)}${units[unit]}`;
}

/** `1,234,567`; from 10^9 on `1.23G`. */
export function formatCount(value: Maybe): string {
  const other = special(value);
  if (other !== undefined) return other;
  const number = Math.round(value as number);
  if (Math.abs(number) >= 1e9) return scaled(number / 1e9, ['G', 'T', 'P', 'E']);
  return String(number === 0 ? 0 : number).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `950`, `1.23k`, `45.6M`: at most seven columns up to 10^20. */
export function formatShort(value: Maybe): string {
  return special(value) ?? scaled(value as number, ['', 'k', 'M', 'G', 'T', 'P', 'E']);
}

/** A rate per second: `12.5/s`, `4,321/s`, `123k/s`. */
export function formatRate(value: Maybe): string {
  const other = special(value);
  if (other !== undefined) return `${other}/s`;
  const size = Math.abs(value as number);
  return `${size >= 999.5 && size < 99_999.5 ? formatCount(value) : formatShort(value)}/s`;
}

/** A share from 0 to 1: `0%`, `<0.01%`, `12.3%`, `99.99%`. Only 0 reads 0%, and only 1 reads 100%. */
export function formatShare(value: Maybe): string {
  const other = special(value);
  if (other !== undefined) return other;
  const percent = (value as number) * 100;
  if (percent > 0 && percent < 0.01) return '<0.01%';
  if (percent > 99.9 && percent < 100) return `${(Math.floor(percent * 100) / 100).toFixed(2)}%`;
  return `${short(percent)}%`;
}

/** A latency in ms: `0.45ms`, `12.3ms`, `1.23s`, `75.2s`. */
export function formatLatency(ms: Maybe): string {
  return (
    special(ms) ??
    (Math.abs(ms as number) < 999.5
      ? `${short(ms as number)}ms`
      : `${scaled((ms as number) / 1000, ['s', 'ks', 'Ms'])}`)
  );
}

/**
 * A duration in ms, truncated to its two largest units: `350ms`, `1.5s`, `45s`, `10m`, `1h 30m`, `2d 4h`.
 * For an exact one in k6's notation see `formatDuration` of the core.
 */
export function formatShortDuration(ms: Maybe): string {
  const other = special(ms);
  if (other !== undefined) return other;
  const value = ms as number;
  if (value < 0) return `-${formatShortDuration(-value)}`;
  if (value < 999.5) return `${Math.round(value)}ms`;
  if (value < 59_950) return `${Number((value / 1000).toFixed(1))}s`;
  const seconds = Math.round(value / 1000);
  const units: [name: string, seconds: number][] = [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ];
  const first = units.findIndex(([, size]) => seconds >= size);
  const [name, size] = units[first] ?? ['s', 1];
  const [nextName, nextSize] = units[first + 1] ?? ['', 1];
  const rest = Math.floor((seconds % size) / nextSize);
  const head = `${formatCount(Math.floor(seconds / size))}${name}`;
  return rest > 0 && nextName !== '' ? `${head} ${rest}${nextName}` : head;
}

/** Time since the start, ms: `0:07`, `12:34`, `1:02:03`; before the start `-0:03`. */
export function formatClock(ms: Maybe): string {
  const other = special(ms);
  if (other !== undefined) return other;
  const seconds = Math.trunc((ms as number) / 1000);
  const size = Math.abs(seconds);
  const two = (part: number) => String(part).padStart(2, '0');
  const hours = Math.floor(size / 3600);
  const minutes = Math.floor(size / 60) % 60;
  const text =
    hours > 0
      ? `${hours < 10_000 ? hours : formatShort(hours)}:${two(minutes)}:${two(size % 60)}`
      : `${minutes}:${two(size % 60)}`;
  return seconds < 0 ? `-${text}` : text;
}

/** `1 task`, `2 tasks`. */
export const formatPlural = (count: number, noun: string): string =>
  `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;

const LEVELS = '▁▂▃▄▅▆▇█';
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** `width` columns for a share from 0 to 1; a share beyond either end counts as that end, NaN as 0. */
export function progressBar(share: number, width: number): string {
  const clamped = Number.isNaN(share) ? 0 : Math.min(1, Math.max(0, share));
  const filled = Math.floor(clamped * width * 8);
  const bar = '█'.repeat(Math.floor(filled / 8)) + (EIGHTHS[filled % 8] ?? '');
  return bar + '░'.repeat(Math.max(0, width - bar.length));
}

/** One column per value, from 0 at the bottom to the greatest at the top; a value that is not finite leaves a gap. */
export function sparkline(values: readonly (number | null)[]): string {
  const finite = (value: number | null): value is number => value !== null && Number.isFinite(value);
  const top = values.filter(finite).reduce((max, value) => Math.max(max, value), 0);
  return values
    .map((value) => {
      if (!finite(value)) return ' ';
      const level = top > 0 ? Math.round((Math.max(0, value) / top) * (LEVELS.length - 1)) : 0;
      return LEVELS[level];
    })
    .join('');
}
