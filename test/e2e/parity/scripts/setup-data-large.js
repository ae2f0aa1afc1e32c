// Every VU gets all of it.
import { check } from 'k6';

const SIZE = 4_000_000;

export const options = {
  scenarios: { all: { executor: 'per-vu-iterations', vus: 3, iterations: 1 } },
  thresholds: { checks: ['rate==1'] },
};

export const setup = () => ({ first: 'a', text: 'ü"\u2028'.repeat(SIZE / 4), last: [1, null, false] });

export default function (data) {
  check(data, {
    first: ({ first }) => first === 'a',
    text: ({ text }) => text.length === (SIZE / 4) * 3 && text.endsWith('ü"\u2028'),
    last: ({ last }) => JSON.stringify(last) === '[1,null,false]',
  });
}

export function teardown(data) {
  check(data, { 'also in teardown': ({ text }) => text.length === (SIZE / 4) * 3 });
}
