// The tasks come to their ends one after the other, while the VUs ramp down.
import { sleep } from 'k6';

export const options = {
  stages: [
    { duration: '1s', target: 6 },
    { duration: '3s', target: 0 },
  ],
  thresholds: { vus: ['value<=2'], vus_max: ['value==6'] },
};

export default function () {
  sleep(0.1);
}
