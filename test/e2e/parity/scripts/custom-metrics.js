import exec from 'k6/execution';
import { Counter, Gauge, Rate, Trend } from 'k6/metrics';

const counter = new Counter('a_counter');
const bytes = new Counter('a_counter_of_bytes', false);
const gauge = new Gauge('a_gauge');
const rate = new Rate('a_rate');
const trend = new Trend('a_trend');
const unused = new Trend('never_used');

export const options = {
  vus: 3,
  iterations: 30,
  summaryTrendStats: ['avg', 'min', 'med', 'max', 'p(90)', 'p(99.9)', 'count'],
  thresholds: {
    a_counter: ['count==15'],
    a_gauge: ['value==7'],
    a_rate: ['rate==0.2'],
    a_trend: ['p(90)==27.1', 'med==15.5', 'avg==15.5', 'p(0)==1', 'p(100)==30'],
    'a_trend{half:low}': ['max==15', 'p(50)==8'],
  },
};

export default function () {
  const i = exec.scenario.iterationInTest;
  counter.add(0.5);
  bytes.add(1024);
  gauge.add(7);
  rate.add(i % 5 === 0);
  trend.add(i + 1, { half: i < 15 ? 'low' : 'high' });
  if (i > 1000) unused.add(i);
}
