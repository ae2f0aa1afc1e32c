// The delay is longer than the test, which so comes to its end.
import { sleep } from 'k6';
import { Counter } from 'k6/metrics';

const errors = new Counter('errors');

export const options = {
  scenarios: { all: { executor: 'per-vu-iterations', vus: 3, iterations: 1 } },
  thresholds: {
    errors: [{ threshold: 'count<1', abortOnFail: true, delayAbortEval: '30s' }],
    vus: ['value<=3'],
    vus_max: ['value==3'],
  },
};

export default function () {
  errors.add(1);
  sleep(2.5);
}
