import type { TrendValues } from '../core/contract/window.ts';
import { Histogram } from '../core/metrics/histogram.ts';
import { foldValues } from '../test/support/fold.ts';
import { pooledPercentile } from '../test/support/pooled.ts';
import type { BenchContext } from './context.ts';
import { seeded } from './random.ts';
import type { Report } from './report.ts';

const PERCENTILES = [50, 90, 95, 99, 99.9, 99.99];
const TASKS = 7;

/** Draws a latency of a task, ms. */
type Distribution = (random: () => number, task: number) => number;

const logNormal = (random: () => number, median: number, sigma: number) =>
  // Box-Muller transform: a normal variate from two uniform ones.
  median * Math.exp(sigma * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));

const DISTRIBUTIONS: Record<string, Distribution> = {
  'log-normal, the same in all tasks': (random) => logNormal(random, 80, 0.6),
  'log-normal, one of seven tasks 10 times slower': (random, task) => logNormal(random, task === 0 ? 800 : 80, 0.6),
  'bimodal: cache hits and misses, more misses in one task': (random, task) =>
    random() < (task === 0 ? 0.5 : 0.02) ? logNormal(random, 900, 0.2) : logNormal(random, 12, 0.3),
};

interface Errors {
  percentile: number;
  /** Relative to the percentile of all pooled samples; 0.01 is 1 %. */
  merged: number;
  averaged: number;
}

/** The error of percentiles: merged, as k6-fleet does, and averaged, as is often done. */
export async function benchPercentiles({ quick, log }: BenchContext): Promise<Report> {
  const samples = quick ? 500 : 100_000;
  const found = Object.entries(DISTRIBUTIONS).map(([name, distribution]) => {
    log(name);
    return { name, errors: errorsOf(distribution, samples) };
  });
  return {
    name: 'percentiles',
    title: 'Error of percentiles compared with all samples pooled',
    head: ['', ...PERCENTILES.map((percentile) => `p${percentile}`)],
    rows: found.flatMap(({ name, errors }) => [
      [`${name}: merged`, ...errors.map(({ merged }) => percent(merged))],
      [`${name}: tasks' percentiles averaged`, ...errors.map(({ averaged }) => percent(averaged))],
    ]),
    aims: [
      {
        what: 'largest relative error of a merged percentile (half a bucket is 0.0027)',
        value: Math.max(...found.flatMap(({ errors }) => errors.map(({ merged }) => merged))),
        atMost: 2 ** (1 / 128) / 2 - 0.5,
      },
    ],
    notes: [`${TASKS} tasks of ${samples.toLocaleString('en')} samples each, from a fixed seed.`],
    data: found,
  };
}

/** @internal exported for its test */
export function errorsOf(distribution: Distribution, samplesPerTask: number): Errors[] {
  const random = seeded(1);
  const tasks = Array.from({ length: TASKS }, (_, task) =>
    Array.from({ length: samplesPerTask }, () => distribution(random, task)),
  );
  const merged = new Histogram();
  for (const values of tasks) {
    merged.add(
      foldValues(
        'trend',
        values.map((value) => ({ value, atMs: 0 })),
      ) as TrendValues,
    );
  }
  const pooled = tasks.flat();
  return PERCENTILES.map((percentile) => {
    const fraction = percentile / 100;
    const truth = pooledPercentile(pooled, fraction);
    const average = tasks.reduce((sum, values) => sum + pooledPercentile(values, fraction), 0) / TASKS;
    const error = (value: number) => Math.abs(value - truth) / truth;
    return { percentile, merged: error(merged.percentile(fraction)), averaged: error(average) };
  });
}

const percent = (share: number) => `${(share * 100).toFixed(share < 0.01 ? 2 : 0)} %`;
