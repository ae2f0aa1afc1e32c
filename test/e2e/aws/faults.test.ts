/** Faults on AWS, injected for real: nothing is counted twice or lost, and nothing is left behind. */
import { expect, test } from 'vitest';
import { eventually, Sandbox } from '../../support/fleet.ts';
import { Deployed } from './deployed.ts';

const sandbox = await Sandbox.create();
/** With short legs, so that a run takes several. */
const deployed = await Deployed.create({ 'k6-fleet:legSeconds': '15' });

/** In all, one after another in each VU: none may be missing or counted twice. */
const ITERATIONS = 240;
const counting = await sandbox.script(
  'counting.js',
  `
import { sleep } from 'k6';
import { Counter } from 'k6/metrics';
const numbers = new Counter('numbers');
export const options = { scenarios: { all: { executor: 'per-vu-iterations', vus: 4, iterations: ${ITERATIONS / 4}, maxDuration: '2m' } } };
export function setup() { return { begun: true }; }
export default function (data) {
  if (!data.begun) throw new Error('no setup data');
  numbers.add(1);
  sleep(0.25);
}
export function teardown() { numbers.add(1000); }
`,
);
const endless = await sandbox.script(
  'endless.js',
  `
import { sleep } from 'k6';
import { Counter } from 'k6/metrics';
const torn = new Counter('torn_down');
export const options = { vus: 4, duration: '10m' };
export default function () { sleep(0.2); }
export function teardown() { torn.add(1); }
`,
);

test('legs that end on time, a killed leg and two executions at once: nothing is counted twice or lost', async () => {
  const run = await deployed.launch(sandbox, counting, ['--tasks', '2']);
  await deployed.phase(run, 'running');
  expect(await deployed.killLeg()).toBeGreaterThan(0);
  await deployed.executeAgain(run);
  const result = await deployed.result(run);

  expect(result.verdict.reasons).toEqual([]);
  expect(result.metrics.numbers?.values.count).toBe(ITERATIONS + 1000);
  expect(result.metrics.iterations?.values.count).toBe(ITERATIONS);
  expect(result.run.legs).toBeGreaterThan(2);
  await eventually('the success of the execution', async () => (await deployed.executionStatus(run)) === 'SUCCEEDED');
  await eventually(
    'the success of the second execution',
    async () => (await deployed.executionStatus(`${run}-again`)) === 'SUCCEEDED',
  );
  expect(await deployed.tasks(run)).toEqual([]);
});

test('a task killed before the start is replaced, one killed after it counts as lost', async () => {
  const run = await deployed.launch(sandbox, counting, ['--tasks', '2', '--max-lost', '1']);
  await eventually('two tasks', async () => (await deployed.tasks(run)).length === 2);
  await deployed.killTask(run, 1);
  await deployed.phase(run, 'running');
  await eventually('some load', async () => ((await deployed.progress(run))?.iterations ?? 0) > 8);
  await deployed.killTask(run, 0);
  const result = await deployed.result(run);

  expect(result.tasks.map(({ state }) => state)).toEqual(['lost', 'done']);
  expect(result.tasks[1]?.attempts).toBe(2);
  expect(result.warnings.join()).toContain('task 1 was lost before the start and replaced');
  expect(result.tasks[0]?.lost?.reason).toMatch(/137|SIGKILL|exit code/);
  expect(result.verdict).toMatchObject({ passed: true });
  expect(result.metrics.iterations?.values.count).toBeLessThan(ITERATIONS);
});

test('a second run is refused, and `stop` works from another machine', async () => {
  const run = await deployed.launch(sandbox, endless, ['--tasks', '2']);
  await deployed.phase(run, 'running');
  const second = await sandbox.cli(['run', endless, '--tasks', '1', '-q'], deployed.env);
  expect(second.code).toBe(122);
  expect(second.stderr).toContain(`busy with run ${run}`);

  const elsewhere = await sandbox.within('elsewhere');
  const attached = elsewhere.cli(['attach', run, '-q'], deployed.env);
  expect((await elsewhere.cli(['show', run], deployed.env)).stdout).toContain('running');
  const stopped = await elsewhere.cli(['stop', run], deployed.env);
  expect(stopped.code, stopped.stderr).toBe(0);
  const { code, stdout } = await attached;
  expect(code).toBe(105);
  expect(stdout).toContain('test run was aborted by k6-fleet stop');

  const result = await deployed.result(run);
  expect(result.metrics.torn_down?.values.count).toBe(1);
  expect((await elsewhere.cli(['runs'], deployed.env)).stdout).toMatch(new RegExp(`${run}.*failed \\(105\\)`));
});

test('an aborted execution: every task stops, and what was measured is kept', async () => {
  const run = await deployed.launch(sandbox, endless, ['--tasks', '2']);
  await deployed.phase(run, 'running');
  await eventually('some load', async () => ((await deployed.progress(run))?.iterations ?? 0) > 8);
  const { code, stderr } = await sandbox.cli(['stop', '--now', run], deployed.env);
  expect(code, stderr).toBe(0);
  await eventually('no task', async () => (await deployed.tasks(run)).length === 0);
  const result = await deployed.result(run);
  expect(result.verdict.passed).toBe(false);
  expect(result.stop?.message).toContain('aborted');
  expect(result.metrics.iterations?.values.count).toBeGreaterThan(8);
  expect(result.tasks.map(({ state }) => state)).toEqual(['stopped', 'stopped']);

  const unknown = await sandbox.cli(['purge', run, 'nope', '--yes'], deployed.env);
  expect(unknown.stderr).toMatch(
    /^k6-fleet: nothing was deleted: there is no run "nope" in s3:[^\n]*; see k6-fleet runs/,
  );
  expect(unknown.code).toBe(104);
});

test('doctor --stack', async () => {
  const { code, stdout, stderr } = await sandbox.cli(['doctor'], deployed.env);
  expect(stdout, stderr).toMatch(/^✓ credentials account \d{12}, as arn:/m);
  expect(stdout).toMatch(/^✓ stack +\S+, deployed by k6-fleet /m);
  expect(stdout).toMatch(/needed only to deploy$/m);
  expect(code).toBe(0);
});

test('two runs at once with --alongside', async () => {
  const [first, second] = await Promise.all([
    deployed.launch(sandbox, counting, ['--tasks', '1', '--alongside']),
    deployed.launch(sandbox, counting, ['--tasks', '1', '--alongside']),
  ]);
  for (const run of [first, second]) {
    expect((await deployed.result(run)).metrics.iterations?.values.count).toBe(ITERATIONS);
    await eventually('the end of its execution', async () => (await deployed.executionStatus(run)) === 'SUCCEEDED');
  }
});

test('destroy leaves only results, which purge deletes', async () => {
  const { bucket } = deployed.info;
  const kept = await deployed.countObjects();
  expect(kept).toBeGreaterThan(0);
  await deployed.destroy();
  expect(await deployed.countObjects()).toBe(kept);
  expect(await deployed.resources()).toEqual([`bucket ${bucket}`]);
  const { code, stderr } = await sandbox.cli(['purge', '--bucket', bucket, '--yes'], deployed.emulator.env);
  expect(code, stderr).toBe(0);
  expect(stderr).toBe(`deleted all runs in s3://${bucket}, and the bucket itself\n`);
  expect(await deployed.resources()).toEqual([]);
});
