// fail() of k6 ends the iteration only.
import { fail } from 'k6';

export const options = { vus: 3, iterations: 9, thresholds: { iterations: ['count==9'] } };

export default function () {
  fail('this iteration is over');
}
