/** The spike test against the demo target, shorter and smaller than that of `npm start`. */
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { Result } from '../../../core/contract/result.ts';
import { Sandbox } from '../../support/fleet.ts';

const sandbox = await Sandbox.create();
/** 3 s before, 3 s up to 600 VUs, 15 s there, 3 s down: enough for two tasks of the demo to be too few. */
const SHORT = { DURATION_SCALE: '0.3', VUS_SCALE: '0.6', SPIKE_HOLD: '15s' };

async function demo(...args: string[]) {
  const json = sandbox.path(`${args.length}.json`);
  const ended = await sandbox.cli(['demo', '--json', json, ...args], SHORT);
  return { ...ended, result: Result.parse(JSON.parse(await readFile(json, 'utf8'))) };
}

test('a target that scales out passes, and the summary and the verdict say how', async () => {
  const { code, stdout, stderr, result } = await demo();
  expect(code, stderr).toBe(0);
  expect(result.verdict).toEqual({ passed: true, exitCode: 0, reasons: [] });
  expect(result.tasks).toHaveLength(4);
  expect(result.target?.expectations.map(({ name, ok }) => [name, ok])).toEqual([
    ['scaleOutWithin', true],
    ['minPeakTasks', true],
    ['maxErrorRate', true],
    ['recoverWithin', true],
  ]);
  const { loadRose, desiredRose, runningRose } = result.target?.moments ?? {};
  expect(loadRose).not.toBeNull();
  expect(runningRose).toBeGreaterThanOrEqual(desiredRose ?? Number.POSITIVE_INFINITY);
  expect(stdout).toContain('✓ status is 200');
  expect(stdout).toContain("✓ 'rate<0.1' rate=0.00%");
  expect(stdout).toMatch(/✓ scaleOutWithin: running tasks rose from 2 to \d,/);
  expect(stderr).toMatch(/running .* \| tasks 4\/4 \| VUs \d+ \| .* p95 .* target 2\/2/);
});

test('a target that does not scale fails, and the verdict says so', async () => {
  const { code, stdout, result } = await demo('--no-autoscaling');
  expect(code).toBe(120);
  expect(result.verdict.passed).toBe(false);
  expect(result.target?.expectations.find(({ name }) => name === 'scaleOutWithin')?.ok).toBe(false);
  expect(stdout).toMatch(/✗ scaleOutWithin: the desired count never rose above 2/);
});
