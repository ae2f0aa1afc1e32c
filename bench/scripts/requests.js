// One request and one check an iteration, as fast as k6 can: what a request costs.
import { check } from 'k6';
import http from 'k6/http';

export const options = {
  scenarios: {
    load: { executor: 'shared-iterations', vus: 20, iterations: Number(__ENV.REQUESTS), maxDuration: '30m' },
  },
};

export default function () {
  const response = http.get(`${__ENV.BASE_URL}/`);
  check(response, { 'status is 200': ({ status }) => status === 200 });
}
