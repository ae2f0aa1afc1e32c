import http from 'k6/http';
import { Counter } from 'k6/metrics';

const after = new Counter('after');

export const options = { vus: 3, iterations: 6, throw: true, thresholds: { after: ['count==0'], iterations: ['count==6'] } };

export default function () {
  http.get('http://127.0.0.1:1/');
  after.add(1);
}
