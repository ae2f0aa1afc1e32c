import { check } from 'k6';
import { SharedArray } from 'k6/data';
import exec from 'k6/execution';
import { Counter } from 'k6/metrics';

const calls = new Counter('ids');
const text = open('./files/users.json');
const bytes = open('files/users.json', 'b');
const users = new SharedArray('users', () => JSON.parse(open('./files/users.json')));

export const options = { vus: 3, iterations: 9, thresholds: { ids: ['count==21'], checks: ['rate==1'] } };

export default function () {
  check(bytes, { 'is binary': (b) => b.byteLength === text.length, 'has users': () => users.length === 3 });
  calls.add(users[exec.scenario.iterationInTest % users.length].id);
}
