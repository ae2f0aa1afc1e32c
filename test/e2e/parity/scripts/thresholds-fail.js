import exec from 'k6/execution';
import { Counter, Gauge, Rate, Trend } from 'k6/metrics';

const counter = new Counter('a_counter');
const gauge = new Gauge('a_gauge');
const rate = new Rate('a_rate');
const trend = new Trend('a_trend');

export const options = {
  vus: 3,
  iterations: 30,
  thresholds: {
    a_counter: ['count<30', 'count<=30', 'rate>0'],
    a_gauge: ['value!=7', 'value===7'],
    a_rate: ['rate>0.2', 'rate>=0.2'],
    a_trend: ['p(90)<27.1', 'p(90)<=27.1', 'p(99.99)>29.99', 'p(99.99)>30', 'med!=15.5', 'avg>=15.5', 'min<1', 'max>30'],
  },
};

export default function () {
  const i = exec.scenario.iterationInTest;
  counter.add(1);
  gauge.add(7);
  rate.add(i % 5 === 0);
  trend.add(i + 1);
}
