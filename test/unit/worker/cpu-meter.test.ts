import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cpuMeter } from '../../../worker/cpu-meter.ts';

const burn = (ms: number) => {
  const used = () => process.cpuUsage().user + process.cpuUsage().system;
  for (const until = used() + ms * 1000; used() < until; );
};

const skipped = existsSync('/proc/self/stat') ? '' : ' (skipped: there is no /proc: Linux is needed)';

describe.skipIf(skipped !== '')(`the CPU of a task with a limit of its own${skipped}`, () => {
  it('is that of its own process, over the limit', () => {
    const [narrow, wide] = [cpuMeter(0.1, () => []), cpuMeter(1000, () => [])];
    burn(300);

    const [ofNarrow, ofWide] = [narrow.read(), wide.read()];
    expect(ofNarrow.busy).toBeGreaterThan(ofWide.busy);
    expect(ofNarrow.busy).toBeLessThanOrEqual(1);
    expect(ofWide.busy).toBeLessThan(0.01);
    expect(ofWide.own).toBe(ofWide.busy);
  });

  it('counts a k6 while it runs and after it has ended, once', async () => {
    const child = spawn(process.execPath, [
      '-e',
      `
      const used = () => process.cpuUsage().user + process.cpuUsage().system;
      for (const until = used() + 300_000; used() < until; );
      process.stdout.write('burnt');
      process.stdin.resume();
    `,
    ]);
    const pids = [child.pid ?? 0];
    const limit = 1000; // so that the share is far from 1, and tells the time that was used
    const from = performance.now();
    const meter = cpuMeter(limit, () => pids);
    await once(child.stdout, 'data');
    const first = performance.now();
    const running = meter.read().busy * limit * (first - from);
    child.kill();
    await once(child, 'close');
    pids.pop();
    const afterwards = meter.read().busy * limit * (performance.now() - first);

    expect(running).toBeGreaterThan(250);
    expect(afterwards).toBeLessThan(250);
  });
});

describe('the CPU of a task on a shared machine', () => {
  it('is the share of all processors', () => {
    const meter = cpuMeter(null, () => []);
    burn(50);

    const { busy, own } = meter.read();
    expect(busy).toBeGreaterThan(0);
    expect(busy).toBeLessThanOrEqual(1);
    // Ticks of 10 ms of all processors.
    if (own !== null) expect(own).toBeLessThanOrEqual(1);
  });
});
