// Three endpoints with a check each, at a steady rate: what a task's windows look like.
import { check } from 'k6';
import http from 'k6/http';

export const options = {
  scenarios: {
    steady: {
      executor: 'constant-arrival-rate',
      rate: 50,
      timeUnit: '1s',
      duration: `${__ENV.SECONDS}s`,
      preAllocatedVUs: 10,
    },
  },
  thresholds: {
    http_req_duration: ['p(95)<500'],
    'http_req_duration{name:ask}': ['p(99)<2000'],
    checks: ['rate>0.95'],
  },
};

export default function () {
  for (const name of ['dashboard', 'ask', 'accounts']) {
    const response = http.get(`${__ENV.BASE_URL}/api/${name}`, { tags: { name } });
    check(response, { [`${name} is 200`]: ({ status }) => status === 200 });
  }
}
