// The connection-pool test, at a steady number of users and with thresholds: what a task's windows look like.
import script from '../../k6-scripts/connection-pool-test.js';

export const options = {
  vus: Number(__ENV.VUS),
  duration: `${__ENV.SECONDS}s`,
  thresholds: {
    http_req_duration: ['p(95)<500'],
    http_req_failed: ['rate<0.1'],
  },
};

export default script;
