import { check } from 'k6';

export const options = { vus: 3, iterations: 6, thresholds: { checks: ['rate==1'] } };

export default function (data) {
  check(data, { undefined: (d) => d === undefined });
}
export function teardown(data) {
  check(data, { undefined: (d) => d === undefined });
}
