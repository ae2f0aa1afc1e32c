/** From a script to a plan and its archives, with real k6. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterEach, expect, test, vi } from 'vitest';
import { localBackend } from '../../../cli/prepare/backend.ts';
import { type PrepareOptions, prepare } from '../../../cli/prepare/prepared-run.ts';
import { k6Binary, plainK6, Sandbox } from '../../support/fleet.ts';
import { writeFiles, writePackages } from './packages.ts';

const sandbox = await Sandbox.create();
afterEach(() => vi.unstubAllEnvs());

const prepared = (script: string, options: Partial<PrepareOptions> = {}) =>
  prepare({ script, k6: k6Binary, backend: localBackend, tasks: 2, env: {}, strict: true, ...options });

/** The options that an archive holds. */
async function optionsIn(archive: Uint8Array | null): Promise<Record<string, unknown>> {
  const path = sandbox.path('options.tar');
  await writeFile(path, archive ?? '');
  const { stdout } = await promisify(execFile)('tar', ['-xOf', path, 'metadata.json']);
  return JSON.parse(stdout).options;
}

test('a TypeScript script with packages, helpers and files, from another folder, runs as written', async () => {
  await writePackages(sandbox.path('project'));
  await writeFiles(sandbox.path('project'), {
    'data/name.txt': 'ann',
    'tests/data.json': '{"n": 3}',
    'tests/helper.ts': `import { twice } from 'cjs-pkg'; export const both = (text: string): string => twice(text);`,
    'tests/script.ts': `
      import { check } from 'k6';
      import { Trend } from 'k6/metrics';
      import { shout } from 'esm-pkg';
      import { both } from './helper.ts';
      interface Data { n: number }
      const name: string = open('../data/name.txt');
      const data: Data = JSON.parse(open('data.json'));
      const length = new Trend('name_length');
      export const options = { vus: 2, iterations: 4, thresholds: { checks: ['rate==1'] } };
      export function setup(): { from: string } { return { from: shout(name) }; }
      export default function (given: { from: string }) {
        length.add(name.length);
        check(given, { 'all is there': ({ from }) => from === 'ANN!' && both('a') === 'aa' && data.n === 3 });
      }
      export function handleSummary(merged: { metrics: Record<string, { values: Record<string, number> }> }) {
        return { stdout: shout('checked ' + merged.metrics.checks.values.passes) + '\\n' };
      }`,
  });
  const run = await sandbox.run(sandbox.path('project/tests/script.ts'), ['--tasks', '2']);
  expect(run.code, run.stderr).toBe(0);
  expect(run.stdout).toContain('CHECKED 4!\n');
  expect(run.result?.metrics.name_length).toMatchObject({ type: 'trend', values: { count: 4, min: 3, max: 3 } });
});

test('small scenarios that leave tasks idle are named, and auto leaves none idle', async () => {
  const scenarios = {
    one: { executor: 'constant-vus', vus: 1, duration: '1s' },
    two: { executor: 'per-vu-iterations', vus: 1, iterations: 1 },
    three: { executor: 'constant-arrival-rate', rate: 2, duration: '1s', preAllocatedVUs: 2 },
    four: { executor: 'ramping-vus', stages: [{ duration: '1s', target: 1 }] },
  };
  const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`s${i}`, scenarios.one]));
  const script = (options: object) =>
    `export const options = ${JSON.stringify({ scenarios: options })}; export default () => {};`;
  await writeFiles(sandbox.path('small'), { 'four.js': script(scenarios), 'many.js': script(many) });

  const four = await prepared(sandbox.path('small/four.js'), { tasks: 4 });
  expect(four.plan.tasks.map(({ maxVUs }) => maxVUs)).toEqual([4, 1, 0, 0]);
  expect(four.plan.warnings).toEqual([
    expect.stringMatching(/^only 2 of 4 tasks would be busy, .*"one" \(1 VU\).*; use --tasks 2 or fewer/),
  ]);
  const fewer = await prepared(sandbox.path('small/four.js'), { tasks: 2 });
  expect(fewer.plan.warnings).toEqual([]);
  const auto = await prepared(sandbox.path('small/many.js'), {
    tasks: 'auto',
    backend: { ...localBackend, autoTasks: 4 },
  });
  expect(auto.plan).toMatchObject({ tasks: [{ maxVUs: 300 }], warnings: [] });
});

test('what a script loads by way of k6 itself is found, in a folder whose name must be escaped', async () => {
  await writeFiles(sandbox.path('a b+c%'), {
    'protos/a.proto': 'syntax = "proto3"; package a; message M { string x = 1; } service S { rpc Do(M) returns (M); }',
    'grpc.js': `
      import grpc from 'k6/net/grpc';
      const client = new grpc.Client();
      client.load(['protos'], 'a.proto');
      const proto = open('./protos/a.proto');
      export default function () {}
      export function handleSummary() { return { stdout: 'proto of ' + proto.length }; }`,
  });
  const run = await sandbox.run(sandbox.path('a b+c%/grpc.js'), ['--tasks', '1']);
  expect(run.code, run.stderr).toBe(0);
  expect(run.stdout).toContain('proto of 94');
});

test('exports and custom metrics of a CommonJS script are found, and its handleSummary is called', async () => {
  const script = await sandbox.script(
    'common.js',
    `
const { Rate } = require('k6/metrics');
const good = new Rate('good');
exports.options = { vus: 2, iterations: 2, thresholds: { good: ['rate>0.9'] } };
exports.setup = function () { return 7; };
exports.default = function (seven) { good.add(seven === 7); };
exports.handleSummary = function (data) { return { stdout: 'good: ' + data.metrics.good.values.passes + '\\n' }; };
`,
  );
  const { plan } = await prepared(script);
  expect(plan.exports).toEqual({ setup: true, teardown: false, handleSummary: true });
  expect(plan.thresholds).toMatchObject([{ key: 'good', metric: 'good', type: 'rate' }]);
  const run = await sandbox.run(script, ['--tasks', '2']);
  expect(run.code, run.stderr).toBe(0);
  expect(run.stdout).toContain('good: 2\n');
});

test('the archive for handleSummary exists only if the script has one, and has none of its options', async () => {
  const body = `export const options = { vus: 3, iterations: 3, handleSummaryTimeout: '9s' }; export default function () {}`;
  const without = await prepared(await sandbox.script('without.js', body));
  expect(without.summaryArchive).toBeNull();
  const script = await sandbox.script('with.js', `${body}\nexport async function handleSummary() { return {}; }`);
  vi.stubEnv('K6_VUS', '2');
  const { summaryArchive, archive } = await prepared(script);
  expect(await optionsIn(summaryArchive)).toMatchObject({ vus: null, iterations: null, handleSummaryTimeout: '9s' });
  expect(await optionsIn(archive)).toMatchObject({ vus: 2, iterations: 3 });
});

test('K6_… variables set options as they do for plain k6, and -e values are seen while the script is read', async () => {
  const script = await sandbox.script(
    'variables.js',
    `
import { check } from 'k6';
export const options = { thresholds: { checks: ['rate==1'] }, tags: { team: __ENV.TEAM } };
export default function () { check(__ENV, { team: ({ TEAM }) => TEAM === 'blue', os: ({ OS_LEVEL }) => OS_LEVEL === 'yes' }); }
`,
  );
  const env = { K6_VUS: '4', K6_ITERATIONS: '8', OS_LEVEL: 'yes' };
  const exported = sandbox.path('plain.json');
  const plain = await plainK6(['run', '--quiet', `--summary-export=${exported}`, '-e', 'TEAM=blue', script], { env });
  const run = await sandbox.run(script, ['--tasks', '2', '-e', 'TEAM=blue'], env);
  expect(run.code, run.stderr).toBe(plain.code);
  expect(run.code).toBe(0);
  const { metrics } = JSON.parse(await readFile(exported, 'utf8'));
  expect(run.result?.metrics.iterations?.values.count).toBe(metrics.iterations.count);
  expect(run.result?.metrics.iterations?.values.count).toBe(8);
  expect(run.result?.checks.map(({ name, passes, fails }) => ({ name, passes, fails }))).toEqual([
    { name: 'team', passes: 8, fails: 0 },
    { name: 'os', passes: 8, fails: 0 },
  ]);
});

test('a value of -e is seen while the script is read and in tasks, and is in no file of the run', async () => {
  const secret = 'hunter2-and-more';
  const script = await sandbox.script(
    'secret.js',
    `
import { check } from 'k6';
if (__ENV.PASSWORD.length !== ${secret.length}) throw new Error('no password while the script is read');
export const options = { vus: 2, iterations: 2, thresholds: { checks: ['rate==1'] } };
const known = () => ({ length: __ENV.PASSWORD.length });
export function setup() { return known(); }
export default function (given) { check(known(), { known: ({ length }) => length === ${secret.length} && length === given.length }); }
export function teardown(given) { if (given.length !== known().length) throw new Error('no password in teardown'); }
export function handleSummary() { return { stdout: 'password of ' + known().length + '\\n' }; }
`,
  );
  const run = await sandbox.run(script, ['--tasks', '2', '-e', `PASSWORD=${secret}`]);
  expect(run.code, run.stderr).toBe(0);
  expect(run.stdout).toContain(`password of ${secret.length}\n`);
  const { stdout: files } = await promisify(execFile)('find', [sandbox.storeDir, '-type', 'f']);
  const kinds = files.trim().split('\n');
  for (const file of kinds) {
    const { stdout } = await promisify(execFile)('sh', ['-c', 'gzip -dcf "$1"', 'sh', file], {
      encoding: 'latin1',
      maxBuffer: 64 * 1024 * 1024,
    });
    expect(stdout.includes(secret), file).toBe(false);
  }
  const plan = kinds.find((file) => file.includes('-secret-') && file.endsWith('plan.json')) ?? '';
  expect(JSON.parse(await readFile(plan, 'utf8')).envNames).toEqual(['PASSWORD']);
  // Windows are gone after the run; what they said is in the checkpoint.
  expect(kinds.some((file) => file.endsWith('checkpoint.json.gz'))).toBe(true);
});

test('a -e value that begins with K6_ is warned of', async () => {
  const script = await sandbox.script('plain.js', 'export default function () {}');
  const { plan } = await prepared(script, { env: { K6_TOKEN: 'x', TOKEN: 'y' }, tasks: 1 });
  expect(plan.warnings).toEqual([expect.stringContaining('-e K6_TOKEN does not reach the script')]);
});

test('the command line wins over the script', async () => {
  const script = await sandbox.script(
    'fleet.js',
    `export const options = { vus: 8, iterations: 8, rps: 2, ext: { fleet: { tasks: 4, name: 'Of the Script!', maxLost: 1 } } };
export default function () {}`,
  );
  const own = await prepared(script, { tasks: undefined });
  expect(own.plan).toMatchObject({ name: 'of-the-script', maxLost: 1 });
  expect(own.plan.id).toMatch(/^\d{8}-\d{6}-of-the-script-[0-9a-f]{4}$/);
  expect(own.plan.tasks.map(({ vus, rps }) => ({ vus, rps }))).toEqual([
    { vus: 4, rps: 1 },
    { vus: 4, rps: 1 },
  ]);
  expect(own.plan.warnings).toEqual([expect.stringContaining('rps 2 is below the number of tasks (4)')]);
  const overridden = await prepared(script, { tasks: 1, name: 'other', maxLost: 0 });
  expect(overridden.plan).toMatchObject({ name: 'other', maxLost: 0, warnings: [] });
  expect(overridden.plan.tasks).toHaveLength(1);
});
