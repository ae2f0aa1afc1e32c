// The load runs until the delay is over, and teardown follows it.
import { sleep } from 'k6';
import { Counter } from 'k6/metrics';

const errors = new Counter('errors');
const teardowns = new Counter('teardowns');

export const options = {
  scenarios: { steady: { executor: 'constant-arrival-rate', rate: 30, duration: '30s', preAllocatedVUs: 9 } },
  thresholds: {
    errors: [{ threshold: 'count<1', abortOnFail: true, delayAbortEval: '3s' }],
    iterations: ['count>85'],
    teardowns: ['count==1'],
  },
};

export default function () {
  errors.add(1);
  sleep(0.01);
}
export function teardown() {
  teardowns.add(1);
}
