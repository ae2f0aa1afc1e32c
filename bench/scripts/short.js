// Two seconds of load, without setup, teardown or handleSummary.
import http from 'k6/http';

export const options = { vus: 8, duration: '2s', thresholds: { http_req_duration: ['p(95)<1000'] } };

export default function () {
  http.get(`${__ENV.BASE_URL}/`);
}
