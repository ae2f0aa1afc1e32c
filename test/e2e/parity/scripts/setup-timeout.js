import { sleep } from 'k6';

export const options = { vus: 3, iterations: 3, setupTimeout: '500ms', thresholds: { iterations: ['count>=3'] } };

export function setup() {
  sleep(5);
}
export default function () {}
