/** Thresholds on the target's series, from a script to its plan, with real k6. */
import { expect, test } from 'vitest';
import { localBackend } from '../../../cli/prepare/backend.ts';
import { prepare } from '../../../cli/prepare/prepared-run.ts';
import { k6Binary, Sandbox } from '../../support/fleet.ts';

const sandbox = await Sandbox.create();

async function planOf(name: string, target: string) {
  const script = await sandbox.script(
    `${name}.js`,
    `export const options = { vus: 1, iterations: 1, ext: { fleet: { target: ${target} } } };
     export default function () {}`,
  );
  const { plan } = await prepare({ script, k6: k6Binary, backend: localBackend, tasks: 1, env: {}, strict: true });
  return plan;
}

const OBSERVE = `observe: 'demo:http://127.0.0.1:8080'`;

test('are in the plan, as k6 understands them', async () => {
  const plan = await planOf(
    'good',
    `{ ${OBSERVE}, minPeakTasks: 2, thresholds: {
         utilization: ['p(95)<9e1', { threshold: 'avg < 80', abortOnFail: true, delayAbortEval: '1m' }],
         running: ['min>=2'],
       } }`,
  );

  expect(plan.target).toEqual({
    observe: 'demo:http://127.0.0.1:8080',
    minPeakTasks: 2,
    thresholds: {
      running: [
        { source: 'min>=2', aggregate: 'min', operator: '>=', value: 2, abortOnFail: false, delayAbortEvalMs: null },
      ],
      utilization: [
        {
          source: 'p(95)<9e1',
          aggregate: 'p',
          percentile: 95,
          operator: '<',
          value: 90,
          abortOnFail: false,
          delayAbortEvalMs: null,
        },
        {
          source: 'avg < 80',
          aggregate: 'avg',
          operator: '<',
          value: 80,
          abortOnFail: true,
          delayAbortEvalMs: 60_000,
        },
      ],
    },
  });
});

test('are not in a plan without any', async () => {
  expect((await planOf('none', `{ ${OBSERVE}, thresholds: {} }`)).target).toEqual({
    observe: 'demo:http://127.0.0.1:8080',
  });
});

test.each([
  [
    'an expression that k6 refuses',
    `{ ${OBSERVE}, thresholds: { running: ['min>two'] } }`,
    'k6 x fleet: options.ext.fleet.target.thresholds.running: threshold "min>two": "two" is not a number',
  ],
  [
    'a rate',
    `{ ${OBSERVE}, thresholds: { running: ['rate>2'] } }`,
    `k6 x fleet: options.ext.fleet.target.thresholds.running: threshold "rate>2": a series of the target has no rate; use avg, min, med, max, p(N), value or count`,
  ],
  [
    'a series that the target does not have',
    `{ ${OBSERVE}, thresholds: { cpu: ['max<90'] } }`,
    'options.ext.fleet.target.thresholds.cpu is not a series of the target; it has desired, running, pending, maximum, utilization',
  ],
  [
    'nobody to observe',
    `{ thresholds: { cpu: ['max<90'] }, scaleOutWithin: '1m' }`,
    "nothing observes the target, so scaleOutWithin and thresholds cannot be judged: name an observer with --observe, such as demo:http://127.0.0.1:8080, or leave out the target's scaling with --observe none",
  ],
  [
    'the target of a stack, without a stack',
    `{ observe: 'stack' }`,
    'observe is "stack": only a run on a stack can observe its target: add --stack; allowed: demo:<URL of the demo>, such as demo:http://127.0.0.1:8080',
  ],
])('are refused in one line: %s', async (name, target, message) => {
  await expect(planOf(name.replaceAll(' ', '-'), target)).rejects.toMatchObject({
    exitCode: 104,
    message,
  });
});
