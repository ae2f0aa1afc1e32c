/** A script of known values: what it must count, sum and judge is computed here, apart from k6. */

export const ITERATIONS = 700;

/**
 * The value of iteration i. Iterations are striped over the tasks, and a few values are huge: the average of the tasks'
 * percentiles would be far from the percentile of all values.
 */
const value = (i: number) => (i % 7 === 0 ? 1000 + i : 1 + (i % 13) / 10);
/** All samples of the trend `known`, in order. */
export const values = Array.from({ length: ITERATIONS }, (_, i) => value(i)).sort((a, b) => a - b);

/** k6's percentile of all samples (metrics/sink.go). */
export function pooled(percentile: number): number {
  const rank = (percentile / 100) * (values.length - 1);
  const low = values[Math.floor(rank)] ?? 0;
  const high = values[Math.ceil(rank)] ?? 0;
  return low + (high - low) * (rank - Math.floor(rank));
}

const p90 = pooled(90);
const edge = values[630] ?? 0;
/** Threshold expressions at the very edge, with what they must say. */
export const expressions: [string, boolean][] = [
  [`p(90)<${p90}`, false],
  [`p(90)<=${p90}`, true],
  [`p(90)==${p90}`, true],
  [`p(90)!=${p90}`, false],
  [`p(90)>=${p90}`, true],
  [`p(90)>${p90}`, false],
  [`p(90)<${p90 + 1e-9}`, true],
  [`med<${pooled(50) + 1e-12}`, true],
  [`med<${pooled(50)}`, false],
  [`p(99.9)<${pooled(99.9)}`, false],
  [`p(99.9)<=${pooled(99.9)}`, true],
  [`p(100)==${values.at(-1)}`, true],
  [`p(0)==${values[0]}`, true],
  [`p(91)>${edge}`, pooled(91) > edge],
  [`max==${values.at(-1)}`, true],
  [`min==${values[0]}`, true],
];

export const knownScript = `
import exec from 'k6/execution';
import { check, group } from 'k6';
import { Counter, Gauge, Rate, Trend } from 'k6/metrics';
const trend = new Trend('known');
const counter = new Counter('sum_of_numbers');
const rate = new Rate('every_third');
const gauge = new Gauge('numbers');
export const options = {
  scenarios: { all: { executor: 'shared-iterations', vus: 14, iterations: ${ITERATIONS} } },
  thresholds: {
    known: ${JSON.stringify(expressions.map(([source]) => source))},
    'known{parity:even}': ['p(50)>1', 'max<${(values.at(-1) ?? 0) + 1}'],
    sum_of_numbers: ['count==${(ITERATIONS * (ITERATIONS - 1)) / 2}'],
    every_third: ['rate>0.3'],
  },
  summaryTrendStats: ['count', 'avg', 'min', 'med', 'max', 'p(90)', 'p(99.9)'],
};
const value = ${value.toString()};
export default function () {
  const i = exec.scenario.iterationInTest;
  trend.add(value(i), { parity: i % 2 === 0 ? 'even' : 'odd' });
  counter.add(i);
  rate.add(i % 3 === 0);
  gauge.add(i);
  group('outer', () => group('inner', () => check(i, { 'below 600': (n) => n < 600 })));
}
`;
