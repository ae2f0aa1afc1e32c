// @ts-check
/** Spike test for sudden traffic, with expectations for the target's autoscaling. */

import { check } from 'k6';
import http from 'k6/http';
import { BASE_URL, stages, vus } from './lib/env.js';

// ECS needs minutes of load to scale out: three one-minute metric points, then the start of the tasks.
// SPIKE_HOLD (such as 8m) is how long the peak is held; DURATION_SCALE does not apply to it.
const hold = __ENV.SPIKE_HOLD;

/** @type {import('k6/options').Options} */
export const options = {
  stages: [
    ...stages([
      { duration: '10s', target: 10 }, // Normal load
      { duration: '10s', target: 1000 }, // Sudden spike
    ]),
    ...(hold ? [{ duration: hold, target: vus(1000) }] : []),
    ...stages([
      { duration: '10s', target: 10 }, // Back to normal
    ]),
  ],
  thresholds: {
    http_req_failed: ['rate<0.1'], // Error rate < 10%
  },
  ext: {
    // Read by k6-fleet; k6 ignores it.
    fleet: {
      tasks: 4,
      target: {
        observe: __ENV.TARGET_OBSERVE, // the source of the target's scaling, such as demo:http://127.0.0.1:8080
        scaleOutWithin: __ENV.SCALE_OUT_WITHIN || '6m',
        minPeakTasks: 2,
        maxErrorRate: 0.1,
        recoverWithin: { p95: '1s', within: __ENV.RECOVER_WITHIN || '8m' },
      },
    },
  },
};

export default function () {
  const response = http.get(`${BASE_URL}/api/dashboard`);

  check(response, {
    'status is 200': (r) => r.status === 200,
  });
}
