import { Counter } from 'k6/metrics';
import total, { step } from './files/lib/index.js';

const calls = new Counter('calls');

export const options = { vus: 3, iterations: 6, thresholds: { calls: ['count==30'] } };

export default function () {
  calls.add(total(step, 3));
}
