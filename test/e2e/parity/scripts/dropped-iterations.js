// Three VUs are far too few for the rate: what is dropped counts too.
import { sleep } from 'k6';

export const options = {
  scenarios: {
    arrivals: { executor: 'constant-arrival-rate', rate: 30, duration: '1s', preAllocatedVUs: 3, gracefulStop: '3s' },
  },
  thresholds: { dropped_iterations: ['count>15'], iterations: ['count==3'] },
};

export default function () {
  sleep(1.5);
}
