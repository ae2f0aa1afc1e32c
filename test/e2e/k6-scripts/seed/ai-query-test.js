// ai-query-test.js
import http from 'k6/http';
import { check, sleep } from 'k6';

const questions = [
  'What is total revenue?',
  'Show expenses by category',
  'What were profits last quarter?',
  'Top 5 customers by revenue',
  'Monthly revenue trend'
];

export const options = {
  vus: 10, // 10 virtual users
  duration: '5m',
  thresholds: {
    http_req_duration: ['p(95)<10000'], // AI queries can take longer
  },
};

export default function () {
  const question = questions[Math.floor(Math.random() * questions.length)];
  
  const payload = JSON.stringify({
    question: question
  });
  
  const params = {
    headers: {
      'Content-Type': 'application/json',
    },
  };
  
  const response = http.post(
    'https://api.financial-dashboard.com/api/ask',
    payload,
    params
  );
  
  check(response, {
    'AI query successful': (r) => r.status === 200,
    'has answer': (r) => r.json().hasOwnProperty('answer'),
    'has SQL': (r) => r.json().hasOwnProperty('sql'),
    'response time acceptable': (r) => r.timings.duration < 15000,
  });
  
  sleep(Math.random() * 5 + 2); // Random sleep 2-7 seconds
}
