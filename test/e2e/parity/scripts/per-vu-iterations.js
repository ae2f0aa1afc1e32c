import { Counter } from 'k6/metrics';

const first = new Counter('first_iterations');

export const options = {
  scenarios: { each: { executor: 'per-vu-iterations', vus: 5, iterations: 4 } },
  thresholds: { iterations: ['count==20'], first_iterations: ['count==5'] },
};

export default function () {
  if (__ITER === 0) first.add(1);
}
