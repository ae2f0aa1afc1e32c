// All that k6 accepts as a threshold on a trend, holding or not.
import exec from 'k6/execution';
import { Trend } from 'k6/metrics';
import { accepted } from './files/expressions.ts';

const trend = new Trend('numbers');

export const options = { vus: 3, iterations: 30, thresholds: { numbers: accepted } };

export default function () {
  trend.add(exec.scenario.iterationInTest + 1);
}
