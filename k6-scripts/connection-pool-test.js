// @ts-check
/** Database connection pool test: a growing number of users on every endpoint that queries the database. */

import { check } from 'k6';
import http from 'k6/http';
import { BASE_URL, stages } from './lib/env.js';

/** @type {import('k6/options').Options} */
export const options = {
  stages: stages([
    { duration: '1m', target: 50 },
    { duration: '2m', target: 200 },
    { duration: '1m', target: 500 }, // Stress test connections
  ]),
};

// Test multiple endpoints that hit database
const endpoints = ['/api/dashboard', '/api/transactions?limit=10', '/api/accounts'];

export default function () {
  for (const endpoint of endpoints) {
    const response = http.get(`${BASE_URL}${endpoint}`);
    check(response, {
      'database query successful': (r) => r.status === 200,
    });
  }
}
