import { check } from 'k6';

export const options = { vus: 3, iterations: 6, thresholds: { checks: ['rate==1'] } };

const kindOf = (data) => (data === null ? 'null' : typeof data);

/** k6 promises no order of keys. */
const sorted = (data) => (kindOf(data) === 'object' ? Object.entries(data).sort() : data);

export function setup() {
  return null;
}
export default function (data) {
  check(data, { 'null in an iteration': (d) => kindOf(d) === 'null' });
}
export function teardown(data) {
  check(data, { 'null in teardown': (d) => kindOf(d) === 'null' });
}
export function handleSummary(data) {
  return { stdout: `${kindOf(data.setup_data)} ${JSON.stringify(sorted(data.setup_data))}\n` };
}
