import { check } from 'k6';
import exec from 'k6/execution';
import { Counter, Trend } from 'k6/metrics';

const vus = new Counter('vu_ids');
const iterations = new Trend('iteration_numbers');

export const options = {
  scenarios: { mine: { executor: 'per-vu-iterations', vus: 4, iterations: 1 } },
  thresholds: { checks: ['rate==1'], vu_ids: ['count==10'] },
};

export default function () {
  vus.add(exec.vu.idInTest);
  iterations.add(exec.scenario.iterationInTest);
  check(exec, {
    'scenario name': (e) => e.scenario.name === 'mine' && e.scenario.executor === 'per-vu-iterations',
    'vu iteration': (e) => e.vu.iterationInScenario === 0,
    progress: (e) => e.scenario.progress >= 0 && e.scenario.startTime > 0,
  });
}
