/** The commands that start no load: plan, runs, show, attach, doctor; with the built CLI, its output piped. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { planText } from '../../../cli/render/plan-text.ts';
import { Plan } from '../../../core/contract/plan.ts';
import { Result } from '../../../core/contract/result.ts';
import { type Ended, Sandbox } from '../../support/fleet.ts';

const ESCAPE = '\u001b';
const ONE_LINE = /^k6-fleet: [^\n]+\n$/;
const UNREACHABLE = 'http://127.0.0.1:1';

/** The end-of-test summary in what a command printed. */
const summary = (text: string) => text.slice(0, text.search(/PASSED|FAILED/));

const sandbox = await Sandbox.create();
let script: string;
beforeAll(async () => {
  script = await sandbox.script(
    'looked-at.js',
    `
import http from 'k6/http';
import { Trend } from 'k6/metrics';
const waiting = new Trend('waiting_here', true);
export const options = {
  scenarios: {
    steady: { executor: 'constant-arrival-rate', rate: 10, duration: '1m', preAllocatedVUs: 2, maxVUs: 2 },
    shared: { executor: 'shared-iterations', vus: 4, iterations: 10, maxDuration: '30s' },
  },
  thresholds: { 'http_req_duration{scenario:shared}': ['p(95)<500', { threshold: 'avg<200', abortOnFail: true }], waiting_here: ['max<1000'] },
};
export function setup() { http.get('${UNREACHABLE}/planning-sends-nothing'); }
export default function () { waiting.add(1); }
`,
  );
});

describe.concurrent('plan', () => {
  test('shows what would run, and runs nothing', async () => {
    const { code, stdout, stderr } = await sandbox.cli(['plan', script, '--tasks', '3', '-e', 'WHO=me']);
    expect(code, stderr).toBe(0);
    expect(stdout).not.toContain(ESCAPE);
    expect(stdout).toContain('http_req_duration{scenario:shared}');
    expect(stdout).toContain('p(95) < 500ms');
    expect(stdout).toContain('WHO');
    expect(stdout).not.toContain('WHO=me');
    expect(stdout).toContain('scenario "steady" has maxVUs 2 for 3 tasks');
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    expect((await sandbox.cli(['runs'], { K6_FLEET_DIR: sandbox.path('none') })).stdout).toBe('');
  });

  test('--json is the plan itself; as text it keeps to any width', async () => {
    const { code, stdout, stderr } = await sandbox.cli(['plan', script, '--tasks', '3', '--json']);
    expect(code, stderr).toBe(0);
    // No run has the id of a plan.
    const json = Plan.omit({ id: true }).strict().parse(JSON.parse(stdout));
    const plan = Plan.parse({ ...json, id: 'none' });
    expect(plan.sequence).toBe('0,1/3,2/3,1');
    expect(plan.tasks.map(({ segment }) => segment)).toEqual(['0:1/3', '1/3:2/3', '2/3:1']);
    expect(plan.tasks.reduce((sum, { maxVUs }) => sum + maxVUs, 0)).toBe(6);
    expect(plan).toMatchObject({ durationMs: 90_000, exports: { setup: true, teardown: false, handleSummary: false } });
    expect(plan.thresholds.map(({ key }) => key).sort()).toEqual([
      'http_req_duration{scenario:shared}',
      'waiting_here',
    ]);
    for (const width of [40, 60, 100]) {
      const lines = planText(plan, { width, colours: false }).split('\n');
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
    }
  });

  test('colours can be forced and turned off', async () => {
    const coloured = await sandbox.cli(['plan', script, '--tasks', '1'], { FORCE_COLOR: '1', NO_COLOR: '' });
    expect(coloured.stdout).toContain(ESCAPE);
    const plain = await sandbox.cli(['plan', script, '--tasks', '1'], { FORCE_COLOR: '1', NO_COLOR: '1' });
    expect(plain.stdout).not.toContain(ESCAPE);
  });

  test('more tasks than VUs is a warning here, and refused by run', async () => {
    const small = await sandbox.script(
      'small.js',
      'export const options = { vus: 2, iterations: 2 }; export default () => {};',
    );
    const { code, stdout } = await sandbox.cli(['plan', small, '--tasks', '5']);
    expect(code).toBe(0);
    expect(stdout).toContain('5 tasks share 2 VUs: only 2 of 5 tasks would be busy, 3 would');
  });

  test('what k6 refuses is refused with its code', async () => {
    const bad = await sandbox.script(
      'bad.js',
      `export const options = { thresholds: { checks: ['rate>>1'] } }; export default () => {};`,
    );
    const { code, stdout, stderr } = await sandbox.cli(['plan', bad, '--tasks', '2']);
    expect(stderr).toMatch(/rate>>1/);
    expect({ code, stdout }).toEqual({ code: 104, stdout: '' });
  });
});

describe('a run that has ended', () => {
  let passed: Ended & { result: Result | null };
  let failed: Ended & { result: Result | null };
  beforeAll(async () => {
    const text = (limit: number) => `
import { check, group } from 'k6';
export const options = { vus: 2, iterations: 6, thresholds: { iterations: ['count<${limit}'] } };
export default function () { group('outer', () => check(1, { 'is one': (x) => x === 1 })); }`;
    passed = await sandbox.run(await sandbox.script('good-one.js', text(7)), ['--tasks', '2']);
    failed = await sandbox.run(await sandbox.script('bad-one.js', text(6)), ['--tasks', '2']);
  });

  test('is listed by runs, the oldest first, with its verdict', async () => {
    const { code, stdout, stderr } = await sandbox.cli(['runs']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).not.toContain(ESCAPE);
    const rows = stdout.trim().split('\n').slice(-2);
    expect(rows[0]).toMatch(/good-one.*finished.*passed/);
    expect(rows[1]).toMatch(/bad-one.*finished.*failed \(99\)/);
  });

  test('is shown as it was printed when it ended; show of a failed run succeeds', async () => {
    for (const { stdout, code, result } of [passed, failed]) {
      const shown = await sandbox.cli(['show', result?.run.id ?? '']);
      expect({ code: shown.code, stderr: shown.stderr }).toEqual({ code: 0, stderr: '' });
      expect(shown.stdout).not.toContain(ESCAPE);
      expect(shown.stdout).toMatch(code === 0 ? /PASSED +exit code 0/ : /FAILED +exit code 99/);
      expect(summary(shown.stdout)).toBe(summary(stdout));
      expect(summary(stdout)).toContain('is one');
    }
  });

  test('--json is its result.json', async () => {
    const { code, stdout } = await sandbox.cli(['show', failed.result?.run.id ?? '', '--json']);
    expect(code).toBe(0);
    expect(Result.parse(JSON.parse(stdout))).toEqual(failed.result);
  });

  test('resume only prints the outcome again, with its exit code', async () => {
    for (const { code, stdout, result } of [passed, failed]) {
      const resumed = await sandbox.cli(['resume', result?.run.id ?? '', '-q']);
      expect({ code: resumed.code, stderr: resumed.stderr }).toEqual({ code, stderr: '' });
      expect(summary(resumed.stdout)).toBe(summary(stdout));
    }
  });

  test('nothing is cut in what runs prints to a pipe', async () => {
    const name = 'a-name-that-is-as-long-as-a-run-may-have';
    const { result } = await sandbox.run(await sandbox.script('long.js', 'export default () => {};'), ['--name', name]);
    const { stdout } = await sandbox.cli(['runs']);
    const row = stdout.split('\n').find((line) => line.startsWith(result?.run.id ?? 'none')) ?? '';
    expect(row.split(/ {2,}/)).toEqual([
      result?.run.id,
      name,
      expect.any(String),
      expect.any(String),
      '1',
      'finished',
      'passed',
    ]);
    await rm(join(sandbox.storeDir, 'runs', result?.run.id ?? ''), { recursive: true });
  });

  test('the message about an unknown run names the latest one', async () => {
    const { code, stderr } = await sandbox.cli(['show', '../runs']);
    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toContain(`the latest is ${failed.result?.run.id}`);
    expect(code).toBe(104);
  });

  test('other files among the runs do not hide them', async () => {
    await writeFile(join(sandbox.storeDir, 'runs', '.DS_Store'), 'not a run');
    const broken = join(sandbox.storeDir, 'runs', '20000101-000000-broken-0000');
    await mkdir(broken);
    await writeFile(join(broken, 'plan.json'), '{"version": 7}');
    const { code, stdout, stderr } = await sandbox.cli(['runs']);
    expect(code).toBe(0);
    expect(stdout).toContain('good-one');
    expect(stderr).toMatch(/^k6-fleet: run 20000101-000000-broken-0000 cannot be read: [^\n]*plan\.json[^\n]*\n$/);
  });
});

test('a run whose coordinator has died is referred to resume', async () => {
  const plan = JSON.parse((await sandbox.cli(['plan', script, '--json'])).stdout);
  const id = '20000101-000000-dead-0000';
  const other = await sandbox.within('dead');
  const dir = join(other.storeDir, 'runs', id);
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, 'plan.json'), JSON.stringify({ ...plan, id, createdAt: '2000-01-01T00:00:00.000Z' }));

  const [shown, attached, elsewhere] = await Promise.all([
    other.cli(['show', id]),
    other.cli(['attach', id, '-q']),
    sandbox.cli(['attach', id, '--store', other.storeDir]),
  ]);

  expect(shown).toMatchObject({ code: 0, stderr: '' });
  expect(shown.stdout).toContain(`finish the run with: k6-fleet resume ${id}\n`);
  expect(attached.code).toBe(1);
  expect(attached.stderr).toMatch(ONE_LINE);
  expect(attached.stderr).toContain(`finish it with: k6-fleet resume ${id}\n`);
  expect(elsewhere.stderr).toContain(`k6-fleet resume ${id} --store ${other.storeDir}\n`);
});

describe.concurrent('doctor', () => {
  test('reports that all checks pass', async () => {
    const { code, stdout, stderr } = await sandbox.cli(['doctor']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.trim().split('\n')).toEqual([
      expect.stringMatching(/^✓ node +v\d+\./),
      expect.stringMatching(/^✓ k6 +v2\.2\.0 with the fleet extension, at /),
      expect.stringMatching(/^✓ ports +can listen on 127\.0\.0\.1$/),
      expect.stringMatching(/^✓ disk +[\d.]+ GiB free in /),
      expect.stringMatching(/^✓ ps +lists processes$/),
    ]);
  });

  test.each([
    ['is not there', '/nonexistent/k6', /✗ k6 +there is no k6 at \/nonexistent\/k6: .*npm run setup/],
    ['is something else', process.execPath, /✗ k6 +the k6 at .* does not have the fleet extension: .*npm run setup/],
  ])('names a k6 that %s and what to do, and continues', async (_, k6, said) => {
    const { code, stdout } = await sandbox.cli(['doctor'], { K6_FLEET_K6: k6 });
    expect(stdout).toMatch(said);
    expect(stdout).toMatch(/✓ disk/);
    expect(code).toBe(1);
  });

  test('names a folder that cannot hold runs', async () => {
    await writeFile(sandbox.path('a-file'), '');
    const { code, stdout, stderr } = await sandbox.cli(['doctor', '--store', sandbox.path('a-file/store')]);
    expect(stdout).toMatch(/✗ disk +.*a-file/);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
  });
});

test.each([
  [['no-such-command'], "unknown command 'no-such-command'; see k6-fleet --help"],
  [['plan'], "missing required argument 'script'; see k6-fleet plan --help"],
  [['plan', 'x.js', '--json', '--wat'], "unknown option '--wat'; see k6-fleet plan --help"],
  [['show'], "missing required argument 'id'; see k6-fleet show --help"],
  ...['run', 'plan', 'runs', 'show', 'attach', 'logs', 'stop', 'purge', 'resume', 'doctor', 'demo'].map(
    (command): [string[], string] => [[command, '--vus'], `unknown option '--vus'; see k6-fleet ${command} --help`],
  ),
])('%j is refused with a hint at the help of that command', async (args, message) => {
  const { code, stdout, stderr } = await sandbox.cli(args);
  expect(stderr).toBe(`k6-fleet: ${message}\n`);
  expect({ code, stdout }).toEqual({ code: 104, stdout: '' });
});

test.each([['--help'], ['run', '--help'], ['--version']])('%s %s prints to stdout', async (...args) => {
  const { code, stdout, stderr } = await sandbox.cli(args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.length).toBeGreaterThan(3);
});
