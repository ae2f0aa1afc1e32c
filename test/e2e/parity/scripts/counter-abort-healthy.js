// 60 iterations a second: the limits are met from the delay to the end, if counts and time are of the same moment.
import { sleep } from 'k6';

export const options = {
  scenarios: {
    arrivals: { executor: 'constant-arrival-rate', rate: 60, duration: '5s', preAllocatedVUs: 12 },
  },
  thresholds: {
    iterations: [
      { threshold: 'rate>42', abortOnFail: true, delayAbortEval: '2s' },
      { threshold: 'count>70', abortOnFail: true, delayAbortEval: '2s' },
    ],
  },
};

export default function () {
  sleep(0.01);
}
