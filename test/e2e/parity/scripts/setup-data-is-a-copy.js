// Every VU has a copy of its own: what one changes no other sees.
import { check } from 'k6';

export const options = {
  scenarios: { all: { executor: 'per-vu-iterations', vus: 4, iterations: 3 } },
  thresholds: { checks: ['rate==1'] },
};

export function setup() {
  return { count: 0 };
}
export default function (data) {
  check(data, { 'is mine': (d) => d.count === __ITER });
  data.count += 1;
}
