// Setup is interrupted; neither load nor teardown follows. (A setup that came to its end before k6 interrupted it, such
// as one whose last call is a sleep, would be followed by teardown.)
import { sleep } from 'k6';
import { Counter } from 'k6/metrics';

const errors = new Counter('errors');
const calls = new Counter('calls');

export const options = {
  vus: 3,
  iterations: 3,
  thresholds: { errors: [{ threshold: 'count<1', abortOnFail: true }], calls: ['count==1'] },
};

export function setup() {
  errors.add(1);
  calls.add(1);
  for (;;) sleep(0.5);
}
export default function () {
  calls.add(100);
}
export function teardown() {
  calls.add(1000);
}
