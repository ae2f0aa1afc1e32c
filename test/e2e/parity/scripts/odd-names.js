// Names and tag values that would break a careless separator.
import { check, group } from 'k6';
import { Counter } from 'k6/metrics';

const calls = new Counter('calls');

export const options = {
  vus: 3,
  iterations: 6,
  thresholds: {
    'calls{where:Zürich}': ['count==6'],
    'calls{where:http://a/b?c=d}': ['count==6'],
    'calls{where:"quoted"}': ['count==0'],
    'checks{check:{"json": 1}}': ['rate<0.01'],
  },
};

export default function () {
  calls.add(1, { where: 'Zürich' });
  calls.add(1, { where: 'http://a/b?c=d' });
  calls.add(1, { where: '"quoted"', empty: '' });
  group('grüße, "you" \\ {x}', () => {
    check(1, { '{"json": 1}': () => false, 'a:b, c': () => true, 'tab\tand\nline': () => true, '': () => true });
    check(1, { constructor: () => true, __proto__x: () => true, 1: () => true });
  });
}
