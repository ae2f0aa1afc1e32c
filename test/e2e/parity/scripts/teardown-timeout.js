import { sleep } from 'k6';

export const options = { vus: 3, iterations: 3, teardownTimeout: '500ms' };

export default function () {}
export function teardown() {
  sleep(5);
}
