import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { plainK6, Sandbox } from '../../support/fleet.ts';

const sandbox = await Sandbox.create();
const script = fileURLToPath(new URL('../../unit/cli/render/fixtures/sections.js', import.meta.url));

/** The text without what differs from run to run: times, rates, and the columns that are as wide as those. */
const steady = (text: string) =>
  text
    .replace(/[\d.]+(µs|ms|s)\b/g, 'TIME')
    .replace(/[\d.]+( [kM]?B)?\/s/g, 'RATE')
    .split('\n')
    .map((line) => line.trimEnd().replace(/(\S) +/g, '$1 '))
    .join('\n')
    .trim();

test.each(['compact', 'full'])(
  'the %s summary of 3 tasks is that of plain k6, scenarios and groups included',
  async (mode) => {
    const ours = await sandbox.within(mode);
    const [plain, fleet] = await Promise.all([
      plainK6(['run', '-q', '--no-color', '--summary-mode', mode, script], { cwd: ours.dir }),
      ours.run(script, ['--tasks', '3', '-q', '--summary-mode', mode]),
    ]);
    expect(fleet.code, fleet.stderr).toBe(0);
    const [summary = ''] = fleet.stdout.split('\nPASSED', 1);
    expect(steady(summary)).toBe(steady(plain.stdout));
  },
);
