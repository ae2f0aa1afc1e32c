import { sleep } from 'k6';

export const options = {
  stages: [
    { duration: '200ms', target: 6 },
    { duration: '800ms', target: 6 },
  ],
};

export default function () {
  sleep(0.3);
}
