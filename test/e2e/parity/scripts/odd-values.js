// Zero, negative values, and values far apart.
import exec from 'k6/execution';
import { Counter, Gauge, Trend } from 'k6/metrics';

const trend = new Trend('odd');
const gauge = new Gauge('level');
const sum = new Counter('sum');

export const options = {
  vus: 3,
  iterations: 30,
  thresholds: {
    odd: ['min==-5000', 'max==1e12', 'med==0', 'p(10)<0', 'p(90)>=0.001'],
    level: ['value<=0'],
    sum: ['count==0'],
  },
};

export default function () {
  const i = exec.scenario.iterationInTest;
  trend.add([-5000, -1, 0, 0, 0.001, 1e12][i % 6]);
  gauge.add(-3);
  sum.add(0);
}
