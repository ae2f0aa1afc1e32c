// No grace: all iterations are interrupted, none is complete.
import { sleep } from 'k6';
import { Counter } from 'k6/metrics';

const begun = new Counter('begun');
const finished = new Counter('finished');

export const options = {
  scenarios: { cut: { executor: 'constant-vus', vus: 4, duration: '1s', gracefulStop: '0s' } },
  thresholds: { begun: ['count==4'], finished: ['count==0'] },
};

export default function () {
  begun.add(1);
  sleep(3);
  finished.add(1);
}
