import { fail } from 'k6';

export const options = { vus: 3, iterations: 3 };

export function setup() {
  fail('setup gives up');
}
export default function () {}
