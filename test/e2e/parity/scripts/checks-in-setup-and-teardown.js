// What setup() and teardown() measure belongs to the run.
import { check } from 'k6';
import http from 'k6/http';
import { Counter } from 'k6/metrics';

const calls = new Counter('calls');

export const options = {
  vus: 3,
  iterations: 6,
  thresholds: {
    calls: ['count==111006'],
    checks: ['rate==1'],
    http_reqs: ['count==8'],
    'http_reqs{group:::setup}': ['count==1'],
    'http_reqs{group:::teardown}': ['count==1'],
    iterations: ['count==6'],
  },
};

const call = (n) => {
  calls.add(n);
  check(http.get(`${__ENV.BASE_URL}/`), { 'is 200': (r) => r.status === 200 });
};

export function setup() {
  call(1000 + 10000);
}
export default function () {
  call(1);
}
export function teardown() {
  call(100000);
}
