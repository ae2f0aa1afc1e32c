// The script sees its options as they are for the whole test.
import { check } from 'k6';
import exec from 'k6/execution';

export const options = {
  scenarios: { mine: { executor: 'shared-iterations', vus: 3, iterations: 6, maxDuration: '1m', tags: { a: 'b' } } },
  setupTimeout: '20s',
  thresholds: { checks: ['rate==1'] },
};

export function setup() {
  check(exec.test.options, { 'in setup': (o) => o.scenarios.mine.iterations === 6 });
}
export default function () {
  check(exec.test.options, {
    'vus of the scenario': (o) => o.scenarios.mine.vus === 3 && o.scenarios.mine.iterations === 6,
    'tags of the scenario': (o) => o.scenarios.mine.tags.a === 'b',
    'setup timeout': (o) => o.setupTimeout === '20s' || o.setupTimeout === 20000,
    thresholds: (o) => o.thresholds.checks.length === 1,
    'trend stats': (o) => o.summaryTrendStats.length === 6,
  });
}
