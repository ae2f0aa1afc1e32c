// k6 samples vus once a second from the start of the test to its end: without VUs there are 0.
import { sleep } from 'k6';

export const options = {
  scenarios: { steady: { executor: 'constant-vus', vus: 3, duration: '2s' } },
  thresholds: {
    vus: ['value==0', 'value<3'],
    vus_max: ['value==3'],
  },
};

export function setup() {
  sleep(2.3);
}

export default function () {
  sleep(0.1);
}

export function teardown() {
  sleep(2.3);
}
