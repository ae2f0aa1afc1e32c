// Plain k6 cannot import npm packages.
import { check } from 'k6';
import { Counter } from 'k6/metrics';
import { green } from 'picocolors';

const users = JSON.parse(open('./files/users.json'));
const calls = new Counter('calls');

export const options = { vus: 3, iterations: 6, thresholds: { calls: ['count==6'], checks: ['rate==1'] } };

export default function () {
  calls.add(1);
  check(users, { 'are read': (list) => list.length > 0 });
  check(green, { 'is a function': (f) => f('x').includes('x') });
}
