// As requests.js, and logs each of MILESTONES to standard error.
import exec from 'k6/execution';
import request from './requests.js';

export { options } from './requests.js';

const milestones = __ENV.MILESTONES.split(',').map(Number);

export default function () {
  request();
  const done = exec.scenario.iterationInTest + 1;
  if (milestones.includes(done)) console.log(`milestone=${done}`);
}
