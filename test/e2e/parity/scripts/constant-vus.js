import { sleep } from 'k6';

export const options = { scenarios: { steady: { executor: 'constant-vus', vus: 4, duration: '1s', gracefulStop: '2s' } } };

export default function () {
  sleep(0.35);
}
