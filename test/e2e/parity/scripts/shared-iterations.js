// Every value is known by the iteration's number in the whole test, skewed so that a mean of percentiles is far off.
import exec from 'k6/execution';
import { Counter, Trend } from 'k6/metrics';

const sum = new Counter('sum');
const skewed = new Trend('skewed');

export const options = {
  scenarios: { all: { executor: 'shared-iterations', vus: 4, iterations: 40 } },
  thresholds: { sum: ['count==780'], skewed: ['p(50)==460.5', 'max==1601', 'min>79.99', 'avg<=593.5'] },
};

export default function () {
  const i = exec.scenario.iterationInTest;
  sum.add(i);
  skewed.add(80 + i * i);
}
