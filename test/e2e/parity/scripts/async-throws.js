import { Counter } from 'k6/metrics';

const calls = new Counter('calls');

export const options = { vus: 3, iterations: 6, thresholds: { calls: ['count==6'], iterations: ['count==6'] } };

export default async function () {
  calls.add(1);
  await Promise.resolve();
  throw new Error('late');
}
