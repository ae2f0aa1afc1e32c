import { check } from 'k6';

export const options = {
  vus: 3,
  iterations: Number(__ENV.HOW_MANY),
  thresholds: { iterations: ['count==7'], checks: ['rate==1'] },
};

export default function () {
  check(__ENV, { 'has it': (env) => env.HOW_MANY === '7' && env.SPACED === 'a b=c' });
}
