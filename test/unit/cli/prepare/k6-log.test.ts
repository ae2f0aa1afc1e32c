import { expect, test } from 'vitest';
import { entryLine, errorText, parseK6Log, shownEntries, warningsOf } from '../../../../cli/prepare/k6-log.ts';

const time = '2026-11-25T04:27:19Z';
const lines = (...entries: object[]) => entries.map((entry) => `${JSON.stringify({ time, ...entry })}\n`).join('');
const unknown = {
  level: 'warning',
  msg: 'There were unknown fields in the options exported in the script',
  error: 'json: unknown field "treshholds"',
};
const printed = { level: 'info', msg: 'init', source: 'console' };

test('a warning of several k6 is one; what the script prints is that of the first', () => {
  const logs = [parseK6Log(lines(printed, unknown)), parseK6Log(lines(unknown, printed)), parseK6Log(lines(printed))];
  expect(warningsOf(logs)).toEqual([
    'There were unknown fields in the options exported in the script: json: unknown field "treshholds"',
  ]);
  expect(shownEntries(logs).map(({ msg }) => msg)).toEqual(['init', unknown.msg]);
});

test('a warning of a later k6 alone is shown too', () => {
  const logs = [parseK6Log(lines(printed)), parseK6Log(lines({ level: 'warning', msg: 'careful' }))];
  expect(shownEntries(logs).map(({ msg }) => msg)).toEqual(['init', 'careful']);
});

test('console.warn of the script is not a warning of k6', () => {
  expect(warningsOf([parseK6Log(lines({ level: 'warning', msg: 'mine', source: 'console' }))])).toEqual([]);
});

test.each([
  ['plain', `time="${time}" level=warning msg="${unknown.msg}" error="json: unknown field \\"treshholds\\""\n`],
  ['terminal', `WARN[0000] ${unknown.msg} error="json: unknown field \\"treshholds\\""\n`],
  [
    'coloured',
    `\x1b[33mWARN\x1b[0m[0000] ${unknown.msg} \x1b[33merror\x1b[0m="json: unknown field \\"treshholds\\""\n`,
  ],
] as const)('a line as k6 prints it: %s', (style, line) => {
  const [entry] = parseK6Log(lines(unknown));
  expect(entry && entryLine(entry, style)).toBe(line);
});

test('why k6 failed: its errors, without what the script printed; all of it if there are none', () => {
  const error = { level: 'error', msg: 'Error: not today\n\tat file:///x.js:1:7(2)\n', hint: 'script exception' };
  const console = { level: 'error', msg: 'mine', source: 'console' };
  expect(errorText(parseK6Log(lines(printed, console, error)))).toBe('Error: not today\n\tat file:///x.js:1:7(2)');
  expect(errorText(parseK6Log(`${lines(printed)}panic: oh\n\ngoroutine 1\n`))).toBe('panic: oh\ngoroutine 1');
  expect(errorText(parseK6Log(lines(printed)))).toBe('init');
});
