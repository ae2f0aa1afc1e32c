import { expect, test } from 'vitest';
import { addedText, type LogLine, mergeByTime } from '../../../cli/task-logs.ts';
import { LogBuffer } from '../../../worker/log-buffer.ts';

const log = (task: number, ...lines: string[]): LogLine[] => lines.map((text) => ({ task, attempt: 0, text }));
const at = (second: number, text: string) => `time="2026-11-25T04:00:0${second}Z" level=info msg=${text}`;
const texts = (lines: LogLine[]) => lines.map(({ task, text }) => `${task} ${text.replace(/^time.*msg=/, '')}`);

test('lines are merged by time, logfmt or JSON; a line without one follows the line before it', () => {
  const merged = mergeByTime([
    log(0, at(1, 'a'), '\tat file:///x.js', at(4, 'b')),
    log(1, 'no time', at(1, 'c'), '{"level":"info","msg":"d","time":"2026-11-25T04:00:03Z"}', at(5, 'e')),
  ]);
  expect(texts(merged)).toEqual([
    '1 no time',
    '0 a',
    '0 \tat file:///x.js',
    '1 c',
    '1 {"level":"info","msg":"d","time":"2026-11-25T04:00:03Z"}',
    '0 b',
    '1 e',
  ]);
});

test('a clock that was set back does not change the order of a log', () => {
  expect(texts(mergeByTime([log(0, at(5, 'a'), at(1, 'b')), log(1, at(3, 'c'))]))).toEqual(['1 c', '0 a', '0 b']);
});

test('what a bounded log gains is shown once, though its middle is dropped', () => {
  const buffer = new LogBuffer(100, 3000);
  let shown = '';
  let before = '';
  for (let line = 0; line < 500; line++) {
    buffer.add(Buffer.from(`line ${line} ${'x'.repeat(20)}\n`));
    if (line % 7 !== 0) continue;
    const now = buffer.text();
    shown += addedText(before, now);
    before = now;
  }
  shown += addedText(before, buffer.text());
  expect(shown.match(/^line \d+/gm)).toEqual(Array.from({ length: 500 }, (_, line) => `line ${line}`));
});

test('if more came than a log keeps, all after the gap is shown, and the gap', () => {
  const buffer = new LogBuffer(100, 300);
  buffer.add(Buffer.from('first\n'));
  const before = buffer.text();
  buffer.add(Buffer.from('y'.repeat(200)));
  const middle = buffer.text();
  expect(addedText(before, middle)).toBe('y'.repeat(200));
  buffer.add(Buffer.from(`${'z'.repeat(5000)}\nlast\n`));
  expect(addedText(middle, buffer.text())).toMatch(/^… \d+ bytes omitted …\nz+\nlast\n$/);
});
