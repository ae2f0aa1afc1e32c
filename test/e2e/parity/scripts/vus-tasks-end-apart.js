// Two of three tasks end long before the third: their VUs no longer count, what they initialised does.
import { sleep } from 'k6';

export const options = {
  scenarios: {
    many: { executor: 'constant-vus', vus: 6, duration: '2s' },
    one: { executor: 'constant-vus', vus: 1, duration: '5s' },
  },
  thresholds: {
    vus: ['value==1', 'value<=2'],
    vus_max: ['value==7'],
  },
};

export default function () {
  sleep(0.1);
}
