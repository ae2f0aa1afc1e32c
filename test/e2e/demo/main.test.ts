import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';

const start = (...args: string[]): ChildProcess =>
  spawn(process.execPath, ['--import', 'tsx', 'demo/main.ts', ...args]);

describe('demo/main.ts', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('prints one line with its URL, and leaves cleanly on %s', async (signal) => {
    const demo = start('--no-autoscaling', '--speed', '60');
    const lines: string[] = [];
    const out = createInterface({ input: demo.stdout ?? process.stdin }).on('line', (line) => lines.push(line));
    await once(out, 'line');
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(lines[0] ?? '')?.[0];
    const state = await (await fetch(`${url}/_demo/state`)).json();

    demo.kill(signal);
    const [code] = await once(demo, 'exit');

    expect(code).toBe(0);
    expect(lines).toHaveLength(1);
    expect(state).toMatchObject({ autoscaling: false, speed: 60 });
  });

  it.each([
    ['gets SIGTERM, though the other end is open', (demo: ChildProcess) => void demo.kill('SIGTERM')],
    ['finds the other end of its standard input closed', (demo: ChildProcess) => void demo.stdin?.end()],
  ])('exits with --stop-with-stdin when it %s', async (_, end) => {
    const demo = start('--stop-with-stdin');
    await once(demo.stdout ?? process.stdin, 'data');
    end(demo);
    expect(await once(demo, 'exit')).toEqual([0, null]);
  });

  it.each([
    [['--speed', 'fast'], 'demo: --speed is "fast": give a number from 1 to 1000\n'],
    [['--port', '80.5'], 'demo: --port is "80.5": give a whole number from 0 to 65535\n'],
    [['--min-tasks', '9', '--max-tasks', '4'], 'demo: --max-tasks is "4": give a whole number from 9 to 1000\n'],
  ])('refuses %j in one line', async (args, message) => {
    const demo = start(...args);
    let stderr = '';
    demo.stderr?.on('data', (chunk) => {
      stderr += chunk;
    });

    const [code] = await once(demo, 'close');

    expect(stderr).toBe(message);
    expect(code).toBe(1);
  });
});
