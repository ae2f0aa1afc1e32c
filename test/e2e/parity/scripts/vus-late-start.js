// Before the scenario starts, none of its VUs is active, and all are initialised.
import { sleep } from 'k6';

export const options = {
  scenarios: { late: { executor: 'constant-vus', vus: 4, duration: '2s', startTime: '2500ms' } },
  thresholds: {
    vus: ['value==4'],
    vus_max: ['value==4'],
  },
};

export default function () {
  sleep(0.1);
}
