import exec from 'k6/execution';
import { Trend } from 'k6/metrics';

const trend = new Trend('values');
const waits = new Trend('waits', true);

export const options = {
  vus: 3,
  iterations: 50,
  summaryTimeUnit: 'us',
  summaryTrendStats: ['count', 'p(99.99)', 'p(5)', 'max', 'avg'],
  thresholds: { 'values{x:y}': ['p(75)<1'] },
};

export default function () {
  const i = exec.scenario.iterationInTest;
  trend.add(1.01 ** i);
  waits.add(100 + i);
}
