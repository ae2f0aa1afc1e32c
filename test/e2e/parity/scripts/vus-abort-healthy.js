// Six VUs all the time: no judgement may see those of some tasks only.
import { sleep } from 'k6';

export const options = {
  scenarios: { steady: { executor: 'constant-vus', vus: 6, duration: '4500ms' } },
  thresholds: { vus: [{ threshold: 'value>=6', abortOnFail: true }] },
};

export default function () {
  sleep(0.1);
}
