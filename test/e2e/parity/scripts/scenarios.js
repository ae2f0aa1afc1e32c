// Scenarios with a function, environment and tags of their own, one of them later than the other.
import { check } from 'k6';
import exec from 'k6/execution';
import { Counter } from 'k6/metrics';

const seen = new Counter('seen');

export const options = {
  scenarios: {
    readers: {
      executor: 'shared-iterations',
      vus: 3,
      iterations: 12,
      exec: 'read',
      env: { ROLE: 'reader' },
      tags: { kind: 'read' },
    },
    writers: {
      executor: 'per-vu-iterations',
      vus: 4,
      iterations: 2,
      exec: 'write',
      startTime: '300ms',
      gracefulStop: '1s',
      env: { ROLE: 'writer' },
      tags: { kind: 'write' },
    },
  },
  thresholds: {
    'seen{kind:read}': ['count==12'],
    'seen{kind:write}': ['count==16'],
    'iterations{scenario:readers}': ['count==12'],
    'iterations{scenario:writers}': ['count==8'],
    'checks{kind:write}': ['rate==1'],
  },
};

export function read() {
  check(__ENV.ROLE, { 'is a reader': (role) => role === 'reader' });
  seen.add(1);
}

export function write() {
  check(__ENV.ROLE, { 'is a writer': (role) => role === 'writer' && exec.scenario.name === 'writers' });
  seen.add(2);
}
