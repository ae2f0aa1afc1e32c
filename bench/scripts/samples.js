// The samples of many requests without the requests. A request adds 8 trend values: http_req_duration, its six parts and
// iteration_duration. Logs each of MILESTONES to standard error.
import exec from 'k6/execution';
import { Trend } from 'k6/metrics';

const PER_ITERATION = 100;
const requests = Number(__ENV.REQUESTS);
const milestones = __ENV.MILESTONES.split(',').map(Number);

export const options = {
  scenarios: {
    load: {
      executor: 'shared-iterations',
      vus: 4,
      iterations: Math.ceil(requests / PER_ITERATION),
      maxDuration: '30m',
    },
  },
};

const trends = [1, 2, 3, 4, 5, 6, 7, 8].map((part) => new Trend(`part_${part}`, true));

export default function () {
  for (let i = 0; i < PER_ITERATION; i++) {
    for (const trend of trends) trend.add(5 * Math.exp(4 * Math.random()));
  }
  const done = (exec.scenario.iterationInTest + 1) * PER_ITERATION;
  if (milestones.includes(done)) console.log(`milestone=${done}`);
}
