import { check, group, sleep } from 'k6';
import { Counter } from 'k6/metrics';
import http from 'k6/http';

const calls = new Counter('calls');

export const options = { vus: 3, iterations: 6, thresholds: { calls: ['count==7'], checks: ['rate==1'], http_reqs: ['count==12'] } };

export async function setup() {
  await Promise.resolve();
  calls.add(1);
  return 'data';
}
export default async function (data) {
  const [one, two] = await Promise.all([http.asyncRequest('GET', __ENV.BASE_URL), http.asyncRequest('GET', __ENV.BASE_URL)]);
  group('later', () => check(data, { 'has data': (d) => d === 'data' && one.status === two.status }));
  await new Promise((resolve) => setTimeout(resolve, 20));
  sleep(0.01);
  calls.add(1);
}
