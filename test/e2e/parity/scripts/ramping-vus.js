import { sleep } from 'k6';

export const options = {
  scenarios: {
    ramp: {
      executor: 'ramping-vus',
      startVUs: 3,
      stages: [
        { duration: '500ms', target: 6 },
        { duration: '500ms', target: 3 },
      ],
      gracefulRampDown: '2s',
    },
  },
};

export default function () {
  sleep(1.2);
}
