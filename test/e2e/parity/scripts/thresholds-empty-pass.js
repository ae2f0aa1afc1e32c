// Metrics without a single sample: at the end an empty rate passes, all else is 0.
import { Counter, Gauge, Rate, Trend } from 'k6/metrics';

new Counter('no_counter');
new Gauge('no_gauge');
new Rate('no_rate');
new Trend('no_trend', true);

export const options = {
  vus: 3,
  iterations: 3,
  thresholds: {
    no_counter: ['count<1', 'count==0', 'rate==0'],
    no_gauge: ['value==0'],
    no_rate: ['rate>0.99', 'rate<0.01'],
    no_trend: ['p(95)<1', 'avg==0', 'min==0', 'max==0', 'med==0'],
    'no_trend{a:b}': ['max<=0'],
    http_req_failed: ['rate>0.5'],
    checks: ['rate==1'],
    http_req_duration: ['p(95)<500'],
    'http_req_duration{status:200}': ['p(95)<500'],
  },
};

export default function () {}
