import { check } from 'k6';
import http from 'k6/http';

export const options = {
  vus: 3,
  iterations: 12,
  noVUConnectionReuse: true,
  discardResponseBodies: true,
  thresholds: {
    http_reqs: ['count==36'],
    http_req_failed: ['rate>0.33', 'rate<0.34'],
    'http_reqs{status:404}': ['count==12'],
    'http_reqs{name:named}': ['count==12'],
    'http_req_failed{name:named}': ['rate==0'],
    'http_req_duration{expected_response:true}': ['p(95)<5000'],
    'http_req_duration{status:404}': ['max<5000'],
  },
};

export default function () {
  const base = __ENV.BASE_URL;
  check(http.get(`${base}/status/200`), { 'is 200': (r) => r.status === 200 });
  check(http.get(`${base}/status/404`), { 'is 200': (r) => r.status === 200 });
  http.post(`${base}/status/201`, 'body', { tags: { name: 'named' } });
}
