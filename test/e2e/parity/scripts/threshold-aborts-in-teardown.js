// Teardown runs to its end.
import { sleep } from 'k6';
import { Counter } from 'k6/metrics';

const errors = new Counter('errors');
const calls = new Counter('calls');

export const options = {
  vus: 3,
  iterations: 3,
  thresholds: { errors: [{ threshold: 'count<1', abortOnFail: true }], calls: ['count==1103'] },
};

export default function () {
  calls.add(1);
}
export function teardown() {
  errors.add(1);
  calls.add(100);
  sleep(4.5);
  calls.add(1000);
}
