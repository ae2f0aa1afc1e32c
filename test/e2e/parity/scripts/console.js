import exec from 'k6/execution';

export const options = { vus: 3, iterations: 6 };

export function setup() {
  console.log('said in setup');
}
export default function () {
  console.log(`iteration ${exec.scenario.iterationInTest}`);
  if (exec.scenario.iterationInTest === 0) console.error('a "quoted" error');
}
export function teardown() {
  console.warn('said in teardown');
}
