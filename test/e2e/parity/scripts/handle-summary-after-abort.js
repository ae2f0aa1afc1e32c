import exec from 'k6/execution';

export const options = { vus: 3, iterations: 3 };

export function setup() {
  exec.test.abort('in setup');
}
export default function () {}
export function handleSummary(data) {
  return { stdout: `setup data: ${typeof data.setup_data}, checks: ${typeof data.metrics.checks}\n` };
}
