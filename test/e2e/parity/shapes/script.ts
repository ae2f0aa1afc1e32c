import { shortcutOf } from './scenarios.ts';
import type { Shape } from './shape.ts';

/** The script of a shape, for k6. It takes the server's address from BASE_URL. */
export function scriptOf(shape: Shape): string {
  const [first] = Object.values(shape.scenarios);
  const scenarios = Object.fromEntries(Object.entries(shape.scenarios).map(([name, { options }]) => [name, options]));
  const load = shape.shortcut && first !== undefined ? shortcutOf(first) : { scenarios };
  const options = { ...load, thresholds: shape.thresholds, ...shape.others };
  return `// Shape ${shape.index} of seed ${shape.seed}, for ${shape.tasks} tasks.
import { check, group, sleep } from 'k6';
import exec from 'k6/execution';
import http from 'k6/http';
import { Counter, Rate, Trend } from 'k6/metrics';

const calls = new Counter('calls');
const odd = new Rate('odd');
const spread = new Trend('spread');

export const options = ${JSON.stringify(options, null, 2)};

// The same numbers in one k6 and in many: by VU where each has its own iterations, otherwise over all tasks.
const number = () =>
  exec.scenario.executor.endsWith('vus') || exec.scenario.executor === 'per-vu-iterations'
    ? exec.vu.iterationInScenario
    : exec.scenario.iterationInTest;
const visit = (path) => check(http.get(\`\${__ENV.BASE_URL}\${path}\`), { 'status is 200': (r) => r.status === 200 });

function iteration(data, visits) {
  visits();
  check(data, { 'setup data': (value) => ${shape.setup ? `value.text === 'from setup'` : 'value === undefined'} });
  calls.add(1);
  sleep(Number(__ENV.PAUSE ?? 0.1));
}
${shape.setup ? `\nexport function setup() {\n  visit('/');\n  return { text: 'from setup' };\n}\n` : ''}
export default function (data) {
  iteration(data, () => visit('/'));
}

export function browse(data) {
  iteration(data, () =>
    group('page', () => {
      visit('/');
      visit('/');
    }),
  );
}

export function write(data) {
  const n = number();
  odd.add(n % 2);
  spread.add(n % 10);
  iteration(data, () => visit(n % 4 === 3 ? '/status/500' : '/status/200'));
}
${shape.teardown ? `\nexport function teardown() {\n  calls.add(100);\n  visit('/');\n}\n` : ''}`;
}
