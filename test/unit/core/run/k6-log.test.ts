import { describe, expect, test } from 'vitest';
import { lastError } from '../../../../core/run/k6-log.ts';

const time = 'time="2026-11-23T06:26:05Z"';

describe('the last error in the log of k6', () => {
  test.each([
    ['nothing', [], null],
    ['no line of k6', ['killed'], null],
    ['no error', [`${time} level=info msg="the last line"`], null],
    [
      'a crash of Go',
      ['runtime: out of memory', 'fatal error: out of memory', '', 'goroutine 1 [running]:'],
      'fatal error: out of memory',
    ],
    ['a bare word', [`${time} level=error msg=enough`], 'enough'],
    [
      'an exception, on one line and without the hint that it is one',
      [
        `${time} level=error msg="Error: \\"no\\"\\n\\tat setup (file:///a.js:9:9(8))\\n" hint="script exception" source=stacktrace`,
      ],
      'Error: "no" at setup (file:///a.js:9:9(8))',
    ],
    [
      'a hint that helps',
      [`${time} level=error msg="setup() execution timed out" hint="You can increase the time limit"`],
      'setup() execution timed out (You can increase the time limit)',
    ],
    [
      'a message and the error behind it',
      [
        `${time} level=error msg="failed to handle the end-of-test summary" error="handleSummary() execution timed out"`,
      ],
      'failed to handle the end-of-test summary: handleSummary() execution timed out',
    ],
    ['a line that was cut off', [`${time} level=error msg="a long st…`], 'a long st…'],
    [
      'an error before a warning and what the script prints',
      [
        `${time} level=error msg="test aborted: enough"`,
        `${time} level=error msg="mine" source=console`,
        `${time} level=warning msg="no iterations"`,
      ],
      'test aborted: enough',
    ],
    ['nothing but what the script prints', [`${time} level=error msg="mine" source=console`], null],
  ])('of %s', (_, lines: string[], expected: string | null) => {
    expect(lastError(lines)).toBe(expected);
  });
});
