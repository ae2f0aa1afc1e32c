import exec from 'k6/execution';
import { Counter } from 'k6/metrics';

const calls = new Counter('calls');

export const options = {
  scenarios: { all: { executor: 'per-vu-iterations', vus: 3, iterations: 1 } },
  thresholds: { calls: ['count<0'] },
};

const at = (place) => {
  if (place === 'setup') exec.test.abort('enough');
};

at('init');
export function setup() {
  calls.add(10);
  at('setup');
}
export default function () {
  calls.add(1);
  at('iteration');
}
export function teardown() {
  calls.add(100);
  at('teardown');
}
