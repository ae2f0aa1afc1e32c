import { mkdir, readFile, symlink } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { K6Exit } from '../../../core/contract/exit-codes.ts';
import { plainK6, Sandbox } from '../../support/fleet.ts';
import { processesIn } from './started-run.ts';

const sandbox = await Sandbox.create();
const ONE_LINE = /^k6-fleet: [^\n]+\n$/;
const good = `export const options = { vus: 2, iterations: 2 }; export default function () {}`;

/** What is wrong with a script, the script, and what k6 says of it. */
const scripts: [string, string, RegExp][] = [
  ['a syntax error', 'export default function ( {', /syntax-error\.js: Line 1:28 Unexpected end of input/],
  ['no function at all', 'export const options = {};', /no exported functions in script/],
  ['no default function', 'export function setup() {}', /function 'default' not found in exports/],
  ['an exception in its init', `throw new Error('not today');`, /not today/],
  ['a wrong k6 option', `export const options = { vus: 'many' }; export default () => {};`, /parsing "many"/],
  ['an extension that is missing', `import nope from 'k6/x/nope'; export default () => nope();`, /\["k6\/x\/nope"\]/],
];

/** What stands in ext.fleet, and what we say of it in one line. */
const fleetOptions: [string, RegExp][] = [
  ['{ task: 2 }', /unknown option "task": use tasks, /],
  ['{ tasks: 0 }', /ext\.fleet\.tasks is 0: use a whole number of at least 1/],
  ['{ tasks: 1.5 }', /ext\.fleet\.tasks is 1\.5/],
  ['{ maxLost: -1 }', /ext\.fleet\.maxLost is -1/],
  ['{ name: "" }', /ext\.fleet\.name is ""/],
  ['{ target: { scaleOutWithin: "soon" } }', /scaleOutWithin.*soon/],
  ['{ target: { minimum: 3 } }', /minimum/],
  ['7', /options\.ext\.fleet is 7/],
];

/** Arguments after `run good.js`, and what we say of them. */
const args: [string[], RegExp][] = [
  [['--tasks', '0'], /^k6-fleet: --tasks 0: use 1 to 10000, or auto$/],
  [['--tasks', '-1'], /--tasks -1: use 1 to 10000, or auto/],
  [['--tasks', '1.5'], /--tasks 1\.5: use 1 to 10000, or auto/],
  [['--tasks', 'many'], /--tasks many: use 1 to 10000, or auto/],
  [['--tasks', '99999'], /--tasks 99999: use 1 to 10000, or auto/],
  [['--tasks', '3'], /--tasks 3: the script has only 2 VUs, .* raise vus .*K6_VUS.*, or use --tasks 2 or fewer$/],
  [['-e', '=x'], /-e =x: use NAME=VALUE/],
  [['-e', 'A B=x'], /-e A B=x: use NAME=VALUE/],
  [['--max-lost', '-1'], /--max-lost -1: use a whole number of at least 0/],
  [['--ready-timeout', '0'], /--ready-timeout 0: use a number of seconds above 0/],
  [['--max-cost', 'much'], /--max-cost much: use an amount above 0, in US dollars/],
  [['--summary-mode', 'huge'], /--summary-mode huge: use compact or full/],
  [['--wat'], /unknown option '--wat'; see k6-fleet run --help/],
];

describe.concurrent('bad input: each one clear message and a fitting exit code', () => {
  it.each(scripts)('a script with %s', async (what, text, message) => {
    const script = await sandbox.script(`${what.replaceAll(' ', '-').replace(/^an?-/, '')}.js`, text);

    const { code, stdout, stderr } = await sandbox.cli(['run', script, '--tasks', '2']);

    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^k6-fleet: /);
    expect(stderr).not.toMatch(/internal error|dist\/cli\.js/);
    expect(stdout).toBe('');
    expect(code).toBe((await plainK6(['run', script])).code);
  });

  it.each([
    ['a missing file', 'nowhere.js', /^k6-fleet: there is no script nowhere\.js: check its path\n$/],
    ['a missing folder', 'no/where.js', /^k6-fleet: there is no script no\/where\.js: check its path\n$/],
    ['a folder', 'folder', /^k6-fleet: folder is a folder: give the path of a \.js or \.ts file\n$/],
    ['a folder with a slash', 'folder/', /^k6-fleet: folder\/ is a folder: /],
    [
      'a file with a slash',
      'a-file.js/',
      /^k6-fleet: there is no script a-file\.js\/: a part of its path is not a folder\n$/,
    ],
    ['a broken link', 'broken.js', /^k6-fleet: there is no script broken\.js: check its path\n$/],
    ['a loop of links', 'loop.js', /^k6-fleet: the script loop\.js cannot be read: ELOOP[^\n]*\n$/],
    ['an empty name', '', /^k6-fleet: the name of the script is empty: give the path of a \.js or \.ts file\n$/],
  ])('a script that is %s', async (_, script, message) => {
    await mkdir(sandbox.path('folder'), { recursive: true });
    await sandbox.script('a-file.js', good);
    for (const [name, to] of [
      ['broken.js', 'gone.js'],
      ['loop.js', 'loop.js'],
    ] as const) {
      await symlink(to, sandbox.path(name)).catch(() => undefined);
    }

    for (const command of ['run', 'plan']) {
      const { code, stdout, stderr } = await sandbox.cli([command, script]);

      expect(stderr).toMatch(message);
      expect(stdout).toBe('');
      expect(code).toBe(K6Exit.scriptException); // k6's own is 255
    }
  });

  it.runIf(process.platform === 'linux').each(['/proc/no-such', '/proc/self/fd/no/such', '/dev/null'])(
    'a store that cannot be written: %s',
    async (store) => {
      const script = await sandbox.script('good.js', good);
      for (const args of [
        ['run', script, '--store', store],
        ['doctor', '--store', store],
      ]) {
        const { code, stdout, stderr } = await sandbox.cli(args);

        expect(stdout + stderr).toMatch(`cannot write to ${store}: E`);
        expect(stdout + stderr).toMatch(/; choose another folder with --store\n/);
        expect(code).toBe(args[0] === 'run' ? K6Exit.invalidConfig : 1);
      }
    },
  );

  it('-e NAME of a variable that is not set', async () => {
    const script = await sandbox.script('env.js', 'export default () => console.log("FOO is", __ENV.NO_SUCH_FOO);');

    const { code, stderr, result } = await sandbox.run(script, ['-e', 'NO_SUCH_FOO', '--store', sandbox.path('env')]);

    expect(stderr).toContain(
      'k6-fleet: -e NO_SUCH_FOO: the environment has no NO_SUCH_FOO, so the script does not see it; for an empty value use -e NO_SUCH_FOO=\n',
    );
    expect(code).toBe(0);
    const log = sandbox.path(`env/runs/${result?.run.id}/tasks/0/0/log.gz`);
    expect(gunzipSync(await readFile(log)).toString()).toContain('FOO is undefined');
  });

  it.each(fleetOptions)('ext.fleet of %s', async (fleet, message) => {
    const script = await sandbox.script(
      `fleet-${fleetOptions.findIndex(([text]) => text === fleet)}.js`,
      `export const options = { vus: 2, iterations: 2, ext: { fleet: ${fleet} } }; export default () => {};`,
    );

    const { code, stderr } = await sandbox.cli(['run', script]);

    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toMatch(message);
    expect(code).toBe(K6Exit.invalidConfig);
  });

  it.each(args)('the arguments %j', async (more, message) => {
    const script = await sandbox.script('good.js', good);

    const { code, stderr } = await sandbox.cli(['run', script, ...more]);

    expect(stderr.split('\n')[0]).toMatch(message);
    expect(stderr).toMatch(/^k6-fleet: /);
    expect(code).toBe(K6Exit.invalidConfig);
  });

  it.each(['show', 'stop', 'resume'])('%s of an unknown run', async (command) => {
    const { code, stderr } = await sandbox.cli([command, '20200101-000000-none-0000']);

    expect(stderr).toMatch(ONE_LINE);
    expect(stderr).toMatch(/there is no run "20200101-000000-none-0000" in .*: there are none; see k6-fleet runs/);
    expect(code).toBe(K6Exit.invalidConfig);
  });

  it('what k6 warns of while it reads a script is shown once, and is in the result', async () => {
    const warned = `console.log('read'); ${good.replace('{ vus', "{ treshholds: { http_reqs: ['count>0'] }, vus")}`;
    const script = await sandbox.script('unknown-field.js', warned);
    const logged = (text: string) =>
      text.split('\n').flatMap((line) => (line.startsWith('time=') ? [line.replace(/^time=\S+ /, '')] : []));

    const plain = await plainK6(['run', '-q', '--summary-mode=disabled', script]);
    const planned = await sandbox.cli(['plan', script]);
    const run = await sandbox.run(script, ['--store', sandbox.path('warned')]);

    // The init code is executed once more for each VU, by plain k6 and in the task.
    const distinct = (text: string) => [...new Set(logged(text))].sort();
    const expected = distinct(plain.stderr);
    expect(expected).toHaveLength(2);
    expect(logged(planned.stderr).sort()).toEqual(expected);
    expect(distinct(run.stderr)).toEqual(expected);
    expect(run.stderr.match(/unknown fields/g)).toHaveLength(1);
    expect(run.result?.warnings).toEqual([
      'There were unknown fields in the options exported in the script: json: unknown field "treshholds"',
    ]);
  });

  it.each([
    [['purge'], /^k6-fleet: name the runs to delete, or use --all for all runs in [^\n]*; see k6-fleet runs\n$/],
    [
      ['purge', 'nope', '--yes'],
      /^k6-fleet: nothing was deleted: there is no run "nope" in [^\n]*; see k6-fleet runs\n$/,
    ],
    [['purge', 'nope', '--all'], /^k6-fleet: use either run ids or --all, not both\n$/],
    [['purge', '--stack', 'a', '--bucket', 'b'], /^k6-fleet: use only one of --stack and --bucket\n$/],
    [
      ['purge', '--all'],
      /^k6-fleet: cannot ask for confirmation without a terminal: to delete all runs in [^\n]*, add --yes\n$/,
    ],
  ])('%j', async (arguments_, message) => {
    const { code, stderr } = await sandbox.cli(arguments_);

    expect(stderr).toMatch(message);
    expect(code).toBe(K6Exit.invalidConfig);
  });

  it('stop of a run that has ended', async () => {
    const { result } = await sandbox.run(await sandbox.script('ended.js', good), ['--store', sandbox.path('ended')]);

    const { code, stderr } = await sandbox.cli(['stop', result?.run.id ?? '', '--store', sandbox.path('ended')]);

    expect(stderr).toBe(`k6-fleet: run ${result?.run.id} has ended already\n`);
    expect(code).toBe(K6Exit.invalidConfig);
  });
});

it('leaves nothing running', async () => {
  expect(await processesIn(sandbox.dir)).toEqual([]);
});
