// As requests.js, and tells on standard error when it has reached each of MILESTONES.
import exec from 'k6/execution';
import request from './requests.js';

export { options } from './requests.js';

const milestones = __ENV.MILESTONES.split(',').map(Number);

export default function () {
  request();
  const done = exec.scenario.iterationInTest + 1;
  if (milestones.includes(done)) console.log(`milestone=${done}`);
}
