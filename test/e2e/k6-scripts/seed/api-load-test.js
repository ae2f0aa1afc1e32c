// api-load-test.js
import http from 'k6/http';
import { check, sleep } from 'k6';

export const options = {
  stages: [
    { duration: '2m', target: 100 }, // Ramp up to 100 users
    { duration: '5m', target: 100 }, // Stay at 100 users
    { duration: '2m', target: 200 }, // Ramp up to 200 users
    { duration: '5m', target: 200 }, // Stay at 200 users
    { duration: '2m', target: 0 },   // Ramp down
  ],
  thresholds: {
    http_req_duration: ['p(99)<1500'], // 99% of requests < 1.5s
    http_req_failed: ['rate<0.1'],     // Error rate < 10%
  },
};

export default function () {
  const response = http.get('https://api.financial-dashboard.com/api/dashboard');
  
  check(response, {
    'status is 200': (r) => r.status === 200,
    'response time < 1000ms': (r) => r.timings.duration < 1000,
    'has revenue data': (r) => r.json().hasOwnProperty('revenue'),
  });
  
  sleep(Math.random() * 3 + 1); // Random sleep 1-4 seconds
}
