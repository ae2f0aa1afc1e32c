// connection-pool-test.js
import http from 'k6/http';
import { check } from 'k6';

export const options = {
  stages: [
    { duration: '1m', target: 50 },
    { duration: '2m', target: 200 },
    { duration: '1m', target: 500 }, // Stress test connections
  ],
};

export default function () {
  // Test multiple endpoints that hit database
  const endpoints = [
    '/api/dashboard',
    '/api/transactions?limit=10',
    '/api/accounts'
  ];
  
  endpoints.forEach(endpoint => {
    const response = http.get(`https://api.financial-dashboard.com${endpoint}`);
    check(response, {
      'database query successful': (r) => r.status === 200,
    });
  });
}
