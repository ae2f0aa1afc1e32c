/** What a run's k6 log and its script prints: `logs`, `logs --follow`, `--console-output`. */
import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { RunFiles } from '../../../core/contract/run-files.ts';
import { DirStore } from '../../../stores/dir.ts';
import { eventually, plainK6, Sandbox } from '../../support/fleet.ts';
import { planOf } from '../../support/sim/plan.ts';
import { StartedRun } from '../faults/started-run.ts';

const sandbox = await Sandbox.create();

const printing = (iterations: number, seconds: number) => `
import { sleep } from 'k6';
import exec from 'k6/execution';
export const options = { scenarios: { s: { executor: 'per-vu-iterations', vus: 2, iterations: ${iterations} } } };
export const setup = () => console.log('in setup');
export default () => { console.log('line', exec.scenario.iterationInTest); sleep(${seconds}); };
export const teardown = () => console.log('in teardown');
`;
const printed = (text: string) => [...text.matchAll(/msg="((?:line|in) \w+)"/g)].map((match) => match[1] ?? '');
const timesOf = (text: string) => [...text.matchAll(/time="([^"]+)"/g)].map((match) => match[1] ?? '');

describe.concurrent('logs', () => {
  test('are merged, shown while the run is active, and each line once', async () => {
    const run = await StartedRun.start(sandbox, 'followed', printing(8, 1), ['--tasks', '2', '-q']);
    const where = ['--store', run.storeDir];
    const { child, ended } = sandbox.start(['logs', run.id, '--follow', ...where]);
    let followed = '';
    child.stdout?.on('data', (chunk: string) => {
      followed += chunk;
    });
    const files = new RunFiles(new DirStore(run.storeDir), run.id);
    await eventually('lines before the end', async () => printed(followed).includes('line 1'));
    expect(await files.hasResult()).toBe(false);
    const [follow, whole, one] = [
      await ended,
      await run.ended.then(() => sandbox.cli(['logs', run.id, ...where])),
      await sandbox.cli(['logs', run.id, '--task', '1', ...where]),
    ];

    const all = [...Array.from({ length: 16 }, (_, index) => `line ${index}`), 'in setup', 'in teardown'].sort();
    expect(printed(follow.stdout).sort()).toEqual(all);
    expect(printed(whole.stdout).sort()).toEqual(all);
    expect(timesOf(whole.stdout)).toEqual(timesOf(whole.stdout).sort());
    expect(whole.stdout).toMatch(/^task [01] \| time="[^"]+" level=info msg="line 0" source=console$/m);
    expect(one.stdout).toMatch(/^time=/);
    expect(printed(one.stdout).length).toBeGreaterThanOrEqual(8);
    expect([follow, whole, one].map(({ code, stderr }) => [code, stderr])).toEqual(Array(3).fill([0, '']));

    const wrong = await sandbox.cli(['logs', run.id, '--task', '2', ...where]);
    expect(wrong).toMatchObject({
      code: 104,
      stdout: '',
      stderr: `k6-fleet: run ${run.id} has no task 2: its tasks are 0 to 1\n`,
    });
  });

  test('--console-output has what plain k6 writes, of all tasks and jobs', async () => {
    const script = await sandbox.script('prints.js', printing(4, 0.1));
    const [ours, plain] = [sandbox.path('ours.log'), sandbox.path('plain.log')];
    await writeFile(ours, 'kept\n');

    const { code, stderr, result } = await sandbox.run(script, ['--tasks', '2', '--console-output', ours]);
    await plainK6(['run', '-q', '--summary-mode=disabled', '--console-output', plain, script]);

    expect(code, stderr).toBe(0);
    const [text, reference] = [await readFile(ours, 'utf8'), await readFile(plain, 'utf8')];
    expect(text).toMatch(/^kept\n(time="[^"]+" level=info msg="(line|in) \w+" task=[01]\n)+$/);
    // To the second, as k6 prints them.
    expect(timesOf(text)).toEqual(timesOf(text).sort());
    expect(printed(text).sort()).toEqual(printed(reference).sort());
    const logs = await sandbox.cli(['logs', result?.run.id ?? '']);
    expect(printed(logs.stdout)).toEqual([]);
  });

  test.each([
    ['/no/such/folder/file.log', 'ENOENT'],
    ['/', 'EISDIR'],
    ['', 'ENOENT'],
  ])('--console-output %j is refused before anything starts', async (file, why) => {
    const script = await sandbox.script('unwritable.js', printing(1, 0));
    const { code, stdout, stderr } = await sandbox.cli(['run', script, '--console-output', file, '--store', 'none']);
    expect(stderr).toMatch(/^k6-fleet: --console-output [^\n]*; choose a file that can be written\n$/);
    expect(stderr).toContain(why);
    expect({ code, stdout }).toEqual({ code: 104, stdout: '' });
  });

  test('of a run whose tasks have not logged anything yet', async () => {
    const storeDir = sandbox.path('planned');
    const plan = planOf();
    await new RunFiles(new DirStore(storeDir), plan.id).putPlan(plan);
    const { code, stdout, stderr } = await sandbox.cli(['logs', plan.id, '--task', '0', '--store', storeDir]);
    expect(stderr).toBe(`run ${plan.id} has no logs of task 0: try again later\n`);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  });

  test('of an unknown run', async () => {
    const { code, stdout, stderr } = await sandbox.cli(['logs', 'nope', '--store', sandbox.path('empty')]);
    expect(stderr).toMatch(/^k6-fleet: there is no run "nope" in [^\n]*: there are none; see k6-fleet runs[^\n]*\n$/);
    expect({ code, stdout }).toEqual({ code: 104, stdout: '' });
  });
});
