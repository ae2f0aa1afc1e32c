// @ts-check
/** AI query performance test: ten users ask questions in natural language. */

import { check, sleep } from 'k6';
import http from 'k6/http';
import { hasField } from './lib/body.js';
import { BASE_URL, duration, vus } from './lib/env.js';

const questions = [
  'What is total revenue?',
  'Show expenses by category',
  'What were profits last quarter?',
  'Top 5 customers by revenue',
  'Monthly revenue trend',
];

/** @type {import('k6/options').Options} */
export const options = {
  vus: vus(10), // 10 virtual users
  duration: duration('5m'),
  thresholds: {
    http_req_duration: ['p(95)<10000'], // AI queries can take longer
  },
};

export default function () {
  const question = questions[Math.floor(Math.random() * questions.length)];

  const response = http.post(`${BASE_URL}/api/ask`, JSON.stringify({ question }), {
    headers: { 'Content-Type': 'application/json' },
  });

  check(response, {
    'AI query successful': (r) => r.status === 200,
    'has answer': (r) => hasField(r, 'answer'),
    'has SQL': (r) => hasField(r, 'sql'),
    'response time acceptable': (r) => r.timings.duration < 15000,
  });

  sleep(Math.random() * 5 + 2); // Random sleep 2-7 seconds
}
