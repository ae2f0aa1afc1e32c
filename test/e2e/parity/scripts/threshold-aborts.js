import { sleep } from 'k6';
import { Counter } from 'k6/metrics';

const errors = new Counter('errors');

export const options = {
  vus: 3,
  duration: '20s',
  thresholds: {
    errors: [{ threshold: 'count<1', abortOnFail: true }],
    iterations: ['count>=0'],
  },
};

export default function () {
  errors.add(1);
  sleep(0.1);
}
