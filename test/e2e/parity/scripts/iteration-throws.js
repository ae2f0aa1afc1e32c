import { Counter } from 'k6/metrics';

const begun = new Counter('begun');
const finished = new Counter('finished');

export const options = {
  vus: 3,
  iterations: 9,
  thresholds: { begun: ['count==9'], finished: ['count==0'], iterations: ['count==9'] },
};

export default function () {
  begun.add(1);
  JSON.parse('{');
  finished.add(1);
}
