import type { Result } from '../../../core/contract/result.ts';
import { HISTOGRAM_SCALE } from '../../../core/contract/window.ts';
import type { ExportedGroup, MetricKind, PlainTruth } from './plain.ts';

/** The farthest that a value can be from the middle of its bucket, relative to it. */
const HALF_BUCKET = (2 ** (1 / 2 ** HISTOGRAM_SCALE) - 1) / 2;
/** Sums of floats in another order. */
const ROUNDING = 1e-9;

/** k6's own trends are times: their values differ from run to run. */
const MEASURED_TRENDS = /^(iteration_duration|group_duration|(http|grpc|ws)_\w+)(\{|$)/;
/** Bytes depend on headers such as the date. k6 samples vus once a second, so a short test has none. */
const UNEVEN = /^(data_sent|data_received|vus|vus_max)(\{|$)/;
const VUS = /^(vus|vus_max)(\{|$)/;

/** The stats of a metric as `--summary-export` names them. */
export type Values = Record<string, number | null>;

export interface Tolerance {
  /** By how much counts may differ. */
  counts: number;
  /** By how much the value, minimum and maximum of `vus` may differ; `vus_max` must not. Default: neither is compared. */
  vus?: number | undefined;
  /** Whether a threshold is too near to its limit to be compared. Default: none is. */
  undecided?: (threshold: { metric: string; source: string; plain: Values }) => boolean;
}

/**
 * Compares what k6-fleet found with what plain k6 found, by the same script.
 * @returns one line for every difference
 */
export function differences(plain: PlainTruth, result: Result | null, tolerance: Tolerance): string[] {
  const { summary, declared } = plain;
  const { counts, vus, undecided = () => false } = tolerance;
  if (summary === null) return result === null ? [] : sameVerdictAlone(result);
  if (result === null) return ['k6-fleet has no result'];
  const found: string[] = [];
  const same = (what: string, expected: unknown, actual: unknown) => {
    if (expected !== actual) found.push(`${what}: k6 has ${expected}, k6-fleet ${actual}`);
  };
  const near = (what: string, expected: number, actual: number | null | undefined, by: number) => {
    if (typeof actual !== 'number' || Math.abs(expected - actual) > by) {
      found.push(`${what}: k6 has ${expected}, k6-fleet ${actual}`);
    }
  };

  for (const [name, exported] of Object.entries(summary.metrics)) {
    const { thresholds = {}, ...stats } = exported;
    const metric = result.metrics[name];
    if (metric === undefined) {
      if (!UNEVEN.test(name) && !withinTolerance(stats as Values, counts)) found.push(`${name} is missing`);
      continue;
    }
    const { values } = metric;
    const declaration = declared.get(name.split('{', 1)[0] ?? name);
    same(`type of ${name}`, kindOf(stats as Values), metric.type);
    if (declaration !== undefined) same(`contains of ${name}`, declaration.contains, metric.contains);
    const verdicts = new Map(metric.thresholds.map(({ source, ok }) => [source, ok]));
    for (const [source, crossed] of Object.entries(thresholds)) {
      if (undecided({ metric: name, source, plain: stats as Values })) continue;
      same(`threshold '${source}' on ${name}`, crossed ? 'crossed' : 'ok', verdicts.get(source) ? 'ok' : 'crossed');
    }
    same(`number of thresholds on ${name}`, Object.keys(thresholds).length, metric.thresholds.length);
    const get = (stat: string) => Number(exported[stat] ?? Number.NaN);
    if (vus !== undefined && VUS.test(name)) {
      const by = name.startsWith('vus_max') ? 0 : vus;
      for (const stat of ['value', 'min', 'max']) near(`${stat} of ${name}`, get(stat), values[stat], by);
    }
    if (UNEVEN.test(name)) continue;
    switch (metric.type) {
      case 'counter':
        near(`count of ${name}`, get('count'), values.count, counts + ROUNDING * Math.abs(get('count')));
        break;
      case 'gauge':
        for (const stat of ['value', 'min', 'max']) near(`${stat} of ${name}`, get(stat), values[stat], 0);
        break;
      case 'rate':
        for (const stat of ['passes', 'fails']) near(`${stat} of ${name}`, get(stat), values[stat], counts);
        if (counts === 0) near(`rate of ${name}`, get('value'), values.rate, ROUNDING);
        break;
      case 'trend':
        if (!name.includes('{')) near(`samples of ${name}`, declaration?.samples ?? 0, values.count, counts);
        // Other samples have other percentiles.
        if (MEASURED_TRENDS.test(name) || counts > 0) break;
        for (const stat of Object.keys(stats)) {
          const exact = ['count', 'min', 'max'].includes(stat);
          const by = exact ? 0 : stat === 'avg' ? ROUNDING : HALF_BUCKET;
          near(`${stat} of ${name}`, get(stat), values[stat], by * Math.abs(get(stat)) + (exact ? 0 : ROUNDING));
        }
    }
  }
  for (const name of Object.keys(result.metrics)) {
    if (name in summary.metrics || UNEVEN.test(name)) continue;
    if (!withinTolerance(result.metrics[name]?.values ?? {}, counts)) found.push(`${name} is k6-fleet's alone`);
  }

  const checks = new Map(listChecks(summary.root_group).map((check) => [`${check.group} > ${check.name}`, check]));
  const ours = new Map(result.checks.map((check) => [`${check.group} > ${check.name}`, check]));
  same('checks', [...checks.keys()].sort().join(', '), [...ours.keys()].sort().join(', '));
  for (const [key, { passes, fails }] of checks) {
    near(`passes of check ${key}`, passes, ours.get(key)?.passes, counts);
    near(`fails of check ${key}`, fails, ours.get(key)?.fails, counts);
  }
  return found;
}

/** Whether a counter is so small that there may just as well be none. */
const withinTolerance = ({ count }: Values, tolerance: number): boolean =>
  typeof count === 'number' && count <= tolerance;

/** If k6 has no summary, it did not run the script. */
function sameVerdictAlone(result: Result): string[] {
  return result.run.startedAt === null && result.checks.length === 0 ? [] : ['k6-fleet has run what k6 has not'];
}

function kindOf(stats: Values): MetricKind {
  if ('passes' in stats) return 'rate';
  if ('value' in stats) return 'gauge';
  return 'rate' in stats ? 'counter' : 'trend';
}

function listChecks(group: ExportedGroup): { group: string; name: string; passes: number; fails: number }[] {
  const own = Object.values(group.checks).map((check) => ({ ...check, group: group.path }));
  return [...own, ...Object.values(group.groups).flatMap(listChecks)];
}
