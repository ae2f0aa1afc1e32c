import { check, group } from 'k6';
import exec from 'k6/execution';

export const options = {
  vus: 3,
  iterations: 12,
  thresholds: {
    checks: ['rate>0.6'],
    'checks{group:::outer::inner}': ['rate==0.5'],
    'checks{check:in the root}': ['rate==1'],
    'group_duration{group:::outer}': ['max<5000'],
  },
};

export default function () {
  const even = exec.scenario.iterationInTest % 2 === 0;
  check(even, { 'in the root': () => true });
  group('outer', () => {
    check(even, { same: () => true, other: (x) => x });
    group('inner', () => {
      check(even, { same: (x) => x });
      group('innermost', () => check(even, { same: () => true }));
    });
  });
  group('an empty one', () => {});
}
