// The requests of one task all fail, which is a third of all.
import { sleep } from 'k6';
import exec from 'k6/execution';
import http from 'k6/http';

export const options = {
  scenarios: { steady: { executor: 'constant-vus', vus: 3, duration: '4500ms' } },
  thresholds: { http_req_failed: [{ threshold: 'rate<0.6', abortOnFail: true }] },
};

export default function () {
  http.get(`${__ENV.BASE_URL}/status/${exec.vu.idInTest === 1 ? 500 : 200}`);
  sleep(0.1);
}
