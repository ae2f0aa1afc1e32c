import { Counter } from 'k6/metrics';

const calls = new Counter('calls');

export const options = { vus: 3, iterations: 3, thresholds: { calls: ['count==10'] } };

export function setup() {
  calls.add(10);
  throw new Error('setup went wrong');
}
export default function () {
  calls.add(1);
}
export function teardown() {
  calls.add(100);
}
