/** A run on AWS from deployment to verdict, with real k6 in the image that a user would deploy. */
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, expect, test } from 'vitest';
import { runKeys, taskKeys } from '../../../core/contract/keys.ts';
import { Result } from '../../../core/contract/result.ts';
import { startDemo } from '../../../demo/server.ts';
import { eventually, Sandbox } from '../../support/fleet.ts';
import { startServer } from '../../support/http-server.ts';
import { knownScript } from '../truth/known-script.ts';
import { Deployed } from './deployed.ts';

const sandbox = await Sandbox.create();
const deployed = await Deployed.create();
const demo = await startDemo();
afterAll(() => demo.close());

test('the spike with four tasks from the command line, with the files and the verdict of a run on one machine', async () => {
  const variables = {
    BASE_URL: demo.url,
    TARGET_OBSERVE: `demo:${demo.url}`,
    DURATION_SCALE: '0.3',
    VUS_SCALE: '0.6',
    SPIKE_HOLD: '15s',
    SCALE_OUT_WITHIN: '25s',
    RECOVER_WITHIN: '40s',
  };
  const args = Object.entries(variables).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  const json = sandbox.path('spike.json');
  const { code, stdout, stderr } = await sandbox.cli(
    ['run', 'k6-scripts/spike-test.js', '--tasks', '4', '--json', json, ...args].map((arg) =>
      arg.startsWith('k6-scripts') ? `${process.cwd()}/${arg}` : arg,
    ),
    deployed.env,
  );

  expect(code, stderr + deployed.emulator.log()).toBe(0);
  const result = Result.parse(JSON.parse(await readFile(json, 'utf8')));
  expect(result.verdict).toEqual({ passed: true, exitCode: 0, reasons: [] });
  expect(result.tasks.map(({ state }) => state)).toEqual(['done', 'done', 'done', 'done']);
  expect(result.target?.expectations.map(({ name, ok }) => [name, ok])).toEqual([
    ['scaleOutWithin', true],
    ['minPeakTasks', true],
    ['maxErrorRate', true],
    ['recoverWithin', true],
  ]);
  expect(stdout).toContain('✓ status is 200');
  expect(stdout).toMatch(/✓ scaleOutWithin: running tasks rose from 2 to \d,/);
  expect(stdout).toContain(`s3://${deployed.info.bucket}/runs/${result.run.id}`);
  expect(stdout).toContain(`#dashboards/dashboard/${deployed.info.dashboard}?start=`);
  expect(stderr).toMatch(/cost +about \$/);
  expect(stderr).toMatch(/running .* \| tasks 4\/4 \| VUs \d+ \| /);
  await eventually('no task', async () => (await deployed.tasks(result.run.id)).length === 0);

  const shown = await sandbox.cli(['show', result.run.id]);
  expect(shown.stdout).toContain('✓ scaleOutWithin');
});

test('known values: the same numbers as those of a run on one machine', async () => {
  const script = await sandbox.script('known.js', knownScript);
  const here = await sandbox.run(script, ['--tasks', '4']);
  const there = await sandbox.run(script, ['--tasks', '4'], deployed.env);

  expect(there.code, there.stderr).toBe(99); // some thresholds are meant to fail
  expect(there.code).toBe(here.code);
  const [a, b] = [here.result, there.result];
  // k6 samples VUs once a second: a shorter task may have no sample.
  for (const result of [a, b]) for (const name of ['vus', 'vus_max']) delete result?.metrics[name];
  expect(schemaOf(b)).toEqual(schemaOf(a));
  const own = ['known', 'known{parity:even}', 'sum_of_numbers', 'every_third', 'numbers', 'iterations', 'checks'];
  for (const name of own) {
    const { rate, ...values } = b?.metrics[name]?.values ?? {}; // a counter's rate is per second
    const { rate: other, ...expected } = a?.metrics[name]?.values ?? {};
    for (const [aggregate, value] of Object.entries(expected)) {
      // The value of a gauge depends on which task is last; sums of fractions depend on their order.
      if (name === 'numbers' && aggregate === 'value') continue;
      expect(values[aggregate], `${name} ${aggregate}`).toBeCloseTo(value ?? Number.NaN, 8);
    }
    if (a?.metrics[name]?.type === 'rate') expect(rate).toBe(other);
    expect(b?.metrics[name]?.thresholds).toEqual(a?.metrics[name]?.thresholds);
  }
  expect(b?.checks).toEqual(a?.checks);
  expect(b?.verdict.reasons).toEqual(a?.verdict.reasons);
});

test('a secret is read in the task, and is in no file of the run', async () => {
  const secret = 'a-very-secret-token-123';
  const name = `${deployed.info.secretsPrefix}token`;
  await new SSMClient(deployed.emulator.client).send(
    new PutParameterCommand({ Name: name, Value: secret, Type: 'SecureString' }),
  );
  const seen = new Set<string | undefined>();
  const server = await startServer((request) => {
    seen.add(request.headers.authorization);
    return false;
  });
  const script = await sandbox.script(
    'secret.js',
    `
import http from 'k6/http';
export const options = { vus: 2, iterations: 4 };
export default function () {
  http.get('${server.url}/', { headers: { authorization: __ENV.TOKEN } });
  console.log('the token is ' + __ENV.TOKEN);
  const foreign = Object.keys(__ENV).filter((name) => /^(AWS_|ECS_|K6_FLEET)/.test(name));
  if (foreign.length > 0) throw new Error(foreign.join());
}
`,
  );
  const run = await deployed.launch(sandbox, script, ['--tasks', '2', '-e', `TOKEN=ssm:${name}`]);
  const result = await deployed.result(run);

  expect(result.verdict).toMatchObject({ passed: true });
  expect([...seen]).toEqual([secret]);
  const keys = runKeys(run);
  const logs = [taskKeys(run, 0, 0), taskKeys(run, 1, 0)].flatMap(({ log, status }) => [log, status]);
  for (const key of [keys.plan, keys.environment, keys.control, keys.checkpoint, keys.result, ...logs]) {
    const body = (await deployed.object(key)) ?? Buffer.alloc(0);
    const text = key.endsWith('gz') ? gunzipSync(body).toString() : body.toString();
    expect(text.length, key).toBeGreaterThan(0);
    expect(text, key).not.toContain(secret);
  }
});

test('a secret outside the prefix of the task role is refused, with the reference and without a value', async () => {
  const name = '/somebody-elses/token';
  await new SSMClient(deployed.emulator.client).send(
    new PutParameterCommand({ Name: name, Value: 'not-for-you', Type: 'SecureString' }),
  );
  const script = await sandbox.script('denied.js', 'export default function () {}');
  const { code, stdout, stderr } = await sandbox.cli(['run', script, '-q', '-e', `TOKEN=ssm:${name}`], deployed.env);
  expect(code, stdout + stderr).toBe(122);
  expect(stdout + stderr).toContain(`ssm:${name}`);
  expect(stdout + stderr).not.toContain('not-for-you');
});

/** The keys of a value and the types of its fields, recursively; of a list, those of its first element. */
function schemaOf(value: unknown): unknown {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? [] : [schemaOf(value[0])];
  if (typeof value !== 'object') return typeof value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([key, inner]) => [key, schemaOf(inner)]),
  );
}
