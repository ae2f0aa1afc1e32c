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

  it('a script that does not exist', async () => {
    const { code, stderr } = await sandbox.cli(['run', 'nowhere.js']);

    expect(stderr).toContain('nowhere.js');
    expect(stderr).toMatch(/^k6-fleet: /);
    expect(stderr).not.toMatch(/internal error/);
    expect(code).toBe((await plainK6(['run', 'nowhere.js'])).code);
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
