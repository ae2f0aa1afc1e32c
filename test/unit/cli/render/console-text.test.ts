import { describe, expect, it } from 'vitest';
import { ConsoleFeed } from '../../../../cli/render/console-text.ts';
import type { Progress } from '../../../../core/contract/progress.ts';

const START = Date.parse('2026-11-25T04:00:00Z');

/** The progress with the lines of these numbers. @param at s after the start */
function progress(numbers: number[], { at = 0, held = 0, phase = 'running' as Progress['phase'], planned = 2 } = {}) {
  const lines = numbers.map((n) => ({ n, t: START + n * 1000, task: n % 2, level: 'info', message: `line ${n}` }));
  return { console: { lines, held }, startAt: START, at: START + at * 1000, phase, tasks: { planned } } as Progress;
}

const line = (message: string, level = 'info') => ({
  ...progress([]),
  console: { lines: [{ n: 1, t: START + 3500, task: 1, level, message }], held: 0 },
});

const feed = (isTerminal = false, colours = false) => new ConsoleFeed({ isTerminal, colours });

describe('lines of the console', () => {
  it('are printed once each, as plain k6 prints them where there is no terminal, with their task', () => {
    const all = feed();
    expect(all.next(progress([]))).toEqual([]);
    expect(all.next(progress([1, 2]))).toEqual([
      'time="2026-11-25T04:00:01Z" level=info msg="line 1" source=console task=1',
      'time="2026-11-25T04:00:02Z" level=info msg="line 2" source=console task=0',
    ]);
    expect(all.next(progress([1, 2]))).toEqual([]);
    expect(all.next(progress([2, 3]))).toHaveLength(1);
    expect(feed().next(line('say "hi"\n'))[0]).toContain(' msg="say \\"hi\\"\\n" ');
    expect(feed().next(line('word'))[0]).toContain(' msg=word ');
  });

  it('are printed as plain k6 prints them on a terminal, and cannot control it', () => {
    expect(feed(true).next(line('hi'))).toEqual([`INFO[0003] ${'hi'.padEnd(44)} source=console task=1`]);
    expect(feed(true, true).next(line('no', 'warning'))[0]).toContain('WARN');
    expect(feed(true).next(line('a\u001b[2Jb\nc\td', 'error'))[0]).toMatch(
      /^ERRO\[0003\] a \[2Jb\nc d +source=console/,
    );
  });

  it('that are held back are counted: by the tasks, and those that were gone before they were read', () => {
    const all = feed();
    all.next(progress([]));
    expect(all.next(progress([1], { at: 1, held: 7 })).at(-1)).toContain(
      'msg="7 lines of the console held back so far; --console-output FILE keeps all"',
    );
    // Lines 2 to 5 are gone. It is not said every second.
    expect(all.next(progress([6], { at: 2, held: 9 }))).toHaveLength(1);
    expect(all.next(progress([6], { at: 12, held: 9 })).at(-1)).toContain('13 lines of the console held back so far');
    expect(all.next(progress([6], { at: 13, held: 9 }))).toEqual([]);
    expect(all.next(progress([6], { at: 14, held: 10, phase: 'finished' })).at(-1)).toContain(
      '14 lines of the console',
    );
  });

  it('of a single task do not name it', () => {
    expect(feed().next(progress([1], { planned: 1 }))[0]).toMatch(/ source=console$/);
  });

  it('from before an attach are not missed', () => {
    expect(feed().next(progress([500, 501]))).toHaveLength(2);
  });
});
