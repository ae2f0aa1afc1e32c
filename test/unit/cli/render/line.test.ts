import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { padEnd, paintLine, palette, printable, textWidth, truncate, wrap } from '../../../../cli/render/line.ts';
import { tableLines } from '../../../../cli/render/table.ts';

const text = fc.string({ unit: fc.constantFrom('a', 'B', ' ', 'é', '漢', '🚀', '—', 'e\u0301') });
const width = fc.integer({ min: 2, max: 60 });

describe('text on a terminal', () => {
  it.each([
    ['abc', 3],
    ['漢字', 4],
    ['🚀', 2],
    ['e\u0301', 1],
    ['✓ µs …', 6],
  ])('%s takes %d columns', (value, columns) => {
    expect(textWidth(value)).toBe(columns);
  });

  it('removes whatever could move the cursor', () => {
    expect(printable('a\u001b[31mb\nc\td\u009bK\u2028e\r\n')).toBe('a [31mb c d K e');
  });

  it('truncates to the width, and marks only what it truncates', () => {
    fc.assert(
      fc.property(text, width, (value, columns) => {
        const cut = truncate(value, columns);
        expect(textWidth(cut)).toBeLessThanOrEqual(columns);
        expect(cut.endsWith('…')).toBe(textWidth(value) > columns);
      }),
    );
  });

  it('wraps without losing a word', () => {
    fc.assert(
      fc.property(text, width, (value, columns) => {
        const lines = wrap(value, columns);
        for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(columns);
        expect(lines.join('').replaceAll(' ', '')).toBe(value.replaceAll(' ', ''));
      }),
    );
  });

  it('paints after truncating', () => {
    const paint = (value: string) => `<${value}>`;
    expect(paintLine(['ab', { text: 'cdef', paint }], 4)).toBe('ab<c…>');
    expect(paintLine(['ab', { text: 'cdef', paint }, 'g'], 6)).toBe('ab<cde…>');
    expect(paintLine(['ab', { text: 'cdef', paint }], 6)).toBe('ab<cdef>');
    expect(paintLine(['ab', { text: '漢字', paint }, 'g'], 5)).toBe('ab<漢…>');
  });

  it('truncates lines of several spans to the width', () => {
    fc.assert(
      fc.property(fc.array(text), width, (line, columns) => {
        const whole = line.join('');
        if (textWidth(whole) <= columns) expect(paintLine(line, columns)).toBe(whole);
        expect(textWidth(paintLine(line, columns))).toBeLessThanOrEqual(columns);
      }),
    );
  });
});

describe('a table', () => {
  const rows = [
    { id: 'first', note: 'a rather long note', count: '1' },
    { id: 'second', note: 'short', count: '1,000' },
  ];
  const columns = [
    { title: 'id', text: (row: (typeof rows)[0]) => row.id },
    { title: 'note', text: (row: (typeof rows)[0]) => row.note, shrinkTo: 6, drop: 2 },
    { title: 'count', text: (row: (typeof rows)[0]) => row.count, align: 'right' as const, drop: 1 },
  ];
  const table = (columnsOfTerminal: number) => tableLines(columns, rows, columnsOfTerminal, palette(false));

  it.each([
    [
      40,
      ['id      note                count', 'first   a rather long note      1', 'second  short               1,000'],
    ],
    [24, ['id      note       count', 'first   a rather…      1', 'second  short      1,000']],
    [14, ['id      count', 'first       1', 'second  1,000']],
    [8, ['id', 'first', 'second']],
    [4, ['id', 'fir…', 'sec…']],
  ])('on %d columns shrinks, then drops', (columnsOfTerminal, lines) => {
    expect(table(columnsOfTerminal)).toEqual(lines);
  });

  it('pads by terminal columns', () => {
    expect(padEnd('漢', 4)).toBe('漢  ');
  });
});
