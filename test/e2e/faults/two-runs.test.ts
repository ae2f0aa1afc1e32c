/** Two runs at once on one machine: both loads would be measured as one. */
import { expect, test } from 'vitest';
import { eventually, Sandbox } from '../../support/fleet.ts';
import { StartedRun } from './started-run.ts';

const sandbox = await Sandbox.create();

const script = (seconds: number) => `
  import { sleep } from 'k6';
  export const options = { vus: 1, duration: '${seconds}s' };
  export default () => sleep(0.1);`;

test('a run warns of another active one in its folder, by name, and not of one that has ended', async () => {
  const first = await StartedRun.start(sandbox, 'first', script(60), ['--tasks', '1']);
  await first.until('running');
  const run = async (name: string, text: string) => {
    const path = await sandbox.script(`${name}.js`, text);
    return sandbox.cli(['run', path, '--tasks', '1', '--store', first.storeDir, '--quiet']);
  };

  const beside = await run('beside', script(1));
  await first.cli('stop');
  await first.ended;
  await eventually('the end of its workers', async () => (await first.control())?.phase === 'finished');
  const after = await run('after', script(1));

  expect(beside.code, beside.stderr).toBe(0);
  expect(beside.stderr).toContain(
    `k6-fleet: run ${first.id} is active on this machine: if both load the same target, their loads add up`,
  );
  expect(beside.stderr).toContain(`k6-fleet stop ${first.id} --store ${first.storeDir}`);
  expect(after.code, after.stderr).toBe(0);
  expect(after.stderr).not.toContain('is active');
});
