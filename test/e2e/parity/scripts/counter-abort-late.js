// The rate is met at first; the scenario that follows is too slow for it.
import { sleep } from 'k6';

const steady = (rate, startTime, duration) => ({
  executor: 'constant-arrival-rate',
  rate,
  startTime,
  duration,
  preAllocatedVUs: 12,
});

export const options = {
  scenarios: { quick: steady(60, '0s', '3s'), slow: steady(1, '3s', '30s') },
  thresholds: { iterations: [{ threshold: 'rate>32', abortOnFail: true, delayAbortEval: '2s' }] },
};

export default function () {
  sleep(0.01);
}
