import { describe, expect, it } from 'vitest';
import { ConsoleLines } from '../../../../core/metrics/console-lines.ts';

const line = (...messages: string[]) => ({
  v: 1 as const,
  wall: 1,
  cells: [],
  console: messages.map((message, i) => ({ t: i, level: 'info', message })),
});

describe('ConsoleLines', () => {
  it('numbers the lines of all tasks, and adds up what was held back', () => {
    const lines = new ConsoleLines();
    lines.add({ ...line('a', 'b'), consoleHeld: 3 }, 0, 0);
    lines.add({ ...line('c'), consoleHeld: 4 }, 7, 500);
    expect(lines.latest(100)).toEqual([
      { n: 1, t: 0, task: 0, level: 'info', message: 'a' },
      { n: 2, t: 1, task: 0, level: 'info', message: 'b' },
      { n: 3, t: 500, task: 7, level: 'info', message: 'c' },
    ]);
    expect(lines.held).toBe(7);
  });

  it('keeps the latest of many, and of long ones only as many as fit', () => {
    const lines = new ConsoleLines();
    for (let i = 1; i <= 500; i++) lines.add(line(`line ${i}`), 0, 0);
    expect(lines.latest(1e9).map(({ n }) => n)).toEqual(Array.from({ length: 200 }, (_, i) => 301 + i));
    expect(lines.latest(20).map(({ message }) => message)).toEqual(['line 499', 'line 500']);
    for (let i = 0; i < 100; i++) lines.add(line('x'.repeat(2048)), 0, 0);
    expect(lines.latest(1e9)).toHaveLength(32);
    expect(lines.latest(1000)).toEqual([]);
  });

  it('continues its numbers after a checkpoint', () => {
    const lines = new ConsoleLines();
    lines.add({ ...line('a', 'b'), consoleHeld: 3 }, 0, 0);
    const copy = ConsoleLines.fromJson(JSON.parse(JSON.stringify(lines.toJson())));
    copy.add(line('c'), 0, 0);
    expect(copy.latest(2).map(({ n }) => n)).toEqual([2, 3]);
    expect(copy.held).toBe(3);
  });
});
