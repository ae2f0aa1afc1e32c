/** Numbers as k6 v2.2.0 writes them in its end-of-test summary. Our own formats are in `format.ts`. */
import type { SummaryValue } from '../../core/contract/script-data.ts';
import type { MetricType, ValueType } from '../../core/contract/window.ts';

const fixedUnits: Readonly<Record<string, { perMs: number; suffix: string }>> = {
  s: { perMs: 0.001, suffix: 's' },
  ms: { perMs: 1, suffix: 'ms' },
  us: { perMs: 1000, suffix: 'µs' },
};

const byteUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'];

/** Rounded to at most `digits` decimals, without trailing zeros. */
const rounded = (value: number, digits: number) => String(Number(value.toFixed(digits)));

/** Truncated to at most two decimals, without trailing zeros. */
const truncated = (value: number) => rounded(Math.trunc(value * 100) / 100, 2);

const percent = (share: number) => `${(Math.trunc(share * 10_000) / 100).toFixed(2)}%`;

function bytes(value: number): string {
  if (value < 10) return `${value} B`;
  const power = Math.min(Math.floor(Math.log(value) / Math.log(1000)), byteUnits.length - 1);
  const scaled = Math.floor((value / 1000 ** power) * 10 + 0.5) / 10;
  return `${scaled.toFixed(scaled < 10 ? 1 : 0)} ${byteUnits[power]}`;
}

function duration(ms: number, timeUnit: string): string {
  const fixed = fixedUnits[timeUnit];
  if (fixed) return `${(ms * fixed.perMs).toFixed(2)}${fixed.suffix}`;
  if (ms === 0) return '0s';
  if (ms < 0.001) return `${Math.trunc(ms * 1e6)}ns`;
  if (ms < 1) return `${truncated(ms * 1000)}µs`;
  if (ms < 1000) return `${truncated(ms)}ms`;
  if (ms < 60_000) return `${truncated(ms / 1000)}s`;
  const minutes = Math.trunc(ms / 60_000);
  const seconds = Math.trunc((ms % 60_000) / 1000);
  if (minutes < 60) return `${minutes}m${seconds}s`;
  return `${Math.trunc(minutes / 60)}h${minutes % 60}m${seconds}s`;
}

/**
 * One value of a metric as k6 formats it.
 * k6 writes durations that are not finite as `NaNhNaNmNaNs`; here they read `NaN` and `Infinity`.
 *
 * @param value durations in ms, data in bytes; null reads `-`
 * @param timeUnit `s`, `ms`, `us`, or anything else for a unit that suits the value
 */
export function k6Value(
  value: SummaryValue | undefined,
  metric: { type: MetricType; contains: ValueType },
  timeUnit: string,
): string {
  if (value === null || value === undefined) return '-';
  if (!Number.isFinite(value)) return String(value);
  if (metric.type === 'rate') return percent(value);
  if (metric.contains === 'data') return bytes(value);
  if (metric.contains === 'time') return duration(value, timeUnit);
  return rounded(value, 6);
}
