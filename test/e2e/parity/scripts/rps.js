import http from 'k6/http';

export const options = { vus: 3, iterations: 9, rps: 30, thresholds: { http_reqs: ['count==9'] } };

export default function () {
  http.get(`${__ENV.BASE_URL}/`);
}
