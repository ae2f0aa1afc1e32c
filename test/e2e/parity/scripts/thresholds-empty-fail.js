import { Counter, Gauge, Rate, Trend } from 'k6/metrics';

new Counter('no_counter');
new Gauge('no_gauge');
new Rate('no_rate');
new Trend('no_trend');

export const options = {
  vus: 3,
  iterations: 3,
  thresholds: {
    no_counter: ['count>0'],
    no_gauge: ['value>0'],
    no_rate: ['rate>0'],
    no_trend: ['avg>0', 'max<1'],
    http_reqs: ['count>=1'],
    'http_reqs{status:200}': ['rate>1'],
    grpc_req_duration: ['p(99)>1'],
  },
};

export default function () {}
